/** `steepest info`: what runs here, and on what. */
import { availableParallelism, totalmem } from "node:os";
import { describeBackends } from "../../engine/registry.ts";
import { version } from "../../run/version.ts";
import type { Invocation } from "../command.ts";
import { table } from "../terminal.ts";

export async function run({ terminal, json }: Invocation): Promise<undefined> {
  const backends = await describeBackends();
  const about = {
    schema: "steepest.info/1",
    steepest: version,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform}-${process.arch}`,
    threads: availableParallelism(),
    memory: totalmem(),
    backends,
  };
  if (json) {
    terminal.print(JSON.stringify(about));
    return;
  }
  terminal.print(
    table([
      ["steepest", about.steepest],
      ["node", `${about.node} (V8 ${about.v8})`],
      ["platform", about.platform],
      ["threads", `${about.threads} available`],
      ["memory", `${(about.memory / 2 ** 30).toFixed(1)} GiB`],
      ...backends.map((b) => [b.name, `${b.active ? "active" : "not active"}: ${b.why}`]),
    ]),
  );
}
