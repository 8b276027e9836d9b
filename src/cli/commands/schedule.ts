/** `steepest schedule <name>`: the learning rate step by step. */
import { SteepestError } from "../../run/errors.ts";
import { applyOverrides, type Override, parseOverrides } from "../../run/overrides.ts";
import { parseRun } from "../../run/parse-run.ts";
import { showNumber } from "../../run/show-number.ts";
import type { BatchSizes } from "../../run/spec.ts";
import type { Invocation } from "../command.ts";
import { scheduleValues, shownSteps } from "../schedule/values.ts";
import { table } from "../terminal.ts";

type Flags = {
  readonly lr: number;
  readonly steps: number;
  readonly stepsPerEpoch?: number;
  readonly every?: number;
};

export async function run({ args, options, terminal, json }: Invocation): Promise<undefined> {
  const [name, ...rest] = args;
  if (name === undefined || name.startsWith("--")) {
    throw new SteepestError("usage", "no schedule is named", {
      help: "write its name first: steepest schedule cosine-annealing",
    });
  }
  const { lr, steps, stepsPerEpoch, every = Math.max(1, Math.ceil(steps / 20)) } = options as Flags;
  const flags = parseOverrides(rest);
  const own = flags.filter(({ at }) => at[0] !== "batchSize");
  const given = Object.fromEntries(own.map(({ at, value }) => [at.join("."), value]));
  const question = { lr, steps, stepsPerEpoch, options: given, batchSizes: batchSizesIn(flags) };
  const { entry, lrs, momenta, batchSizes } = scheduleValues(name, question);
  const chart = (await import("../../plot/charts/schedule.ts")).scheduleChart(
    [{ name: entry.name, lrs, momenta, batchSizes }],
    { subtitle: entry.formula },
  );
  const file = typeof options["plot"] === "string" ? options["plot"] : null;
  if (file !== null) await (await import("../../plot/node-save.ts")).savePlot(chart, file);
  if (json) {
    terminal.print(
      JSON.stringify({
        schema: "steepest.schedule/1",
        name: entry.name,
        options: given,
        lr,
        steps,
        lrs,
        momenta,
        ...(batchSizes !== null && { batchSizes }),
      }),
    );
    return;
  }
  const shown = shownSteps(steps, every);
  const max = Math.max(...lrs.map(Math.abs)) || 1;
  terminal.print(`${entry.name}: ${entry.formula}`);
  if (file !== null) terminal.print(`plot in ${file}`);
  if (options["plot"] === true) terminal.print((await import("../../plot/sketch.ts")).sketch(chart));
  if (options["plot"] !== undefined) return;
  terminal.print(
    table(
      shown.map((k) => [
        String(k).padStart(String(steps).length),
        showNumber(lrs[k]!).padEnd(10),
        ...(batchSizes === null ? [] : [`batch ${batchSizes[k]!}`]),
        "█".repeat(Math.round((40 * Math.abs(lrs[k]!)) / max)),
      ]),
    ),
  );
}

/** Batches that grow, in the words of a run file: `--batchSize.sizes 32,64 --batchSize.starts 0,500`. */
function batchSizesIn(flags: readonly Override[]): BatchSizes | undefined {
  const asked = applyOverrides(
    {},
    flags.filter(({ at }) => at[0] === "batchSize"),
  );
  const run = { data: { source: "memory" }, model: { kind: "linear" }, optimizer: "sgd" };
  const { batchSize } = parseRun({ ...run, ...asked });
  if (batchSize === undefined || typeof batchSize === "object") return batchSize;
  throw new SteepestError("usage", "a batch of one size changes nothing here", {
    help: "give --batchSize.sizes 32,64 and --batchSize.starts 0,500",
  });
}
