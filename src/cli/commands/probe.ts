/** `steepest probe`: the Python file that people put beside their training. */
import { readFileSync } from "node:fs";
import { shipped } from "../../run/node-shipped.ts";
import { version } from "../../run/version.ts";
import type { Invocation } from "../command.ts";

export async function run({ terminal, json }: Invocation): Promise<undefined> {
  const text = readFileSync(shipped("src", "probe", "steepest_probe.py"), "utf8");
  if (json) terminal.print(JSON.stringify({ schema: "steepest.probe-file/1", steepest: version, text }));
  else terminal.print(text.trimEnd());
}
