/** `steepest predict <run> <data>`: rows in, the same rows with a prediction out. */

import { classesOf } from "../../predict/interpret.ts";
import { openTrained } from "../../predict/node-load-run.ts";
import { openSource } from "../../predict/node-source.ts";
import { predictSource } from "../../predict/predict.ts";
import { SteepestError } from "../../run/errors.ts";
import type { Invocation } from "../command.ts";
import { createOutput } from "../predict/output.ts";
import { csvWriter, jsonlWriter, type RowWriter } from "../predict/rows.ts";

type Flags = {
  readonly out?: string;
  readonly format?: "csv" | "jsonl";
  readonly probabilities?: true;
  readonly delimiter?: string;
  readonly quiet?: true;
};

export async function run({ args, options, terminal, json }: Invocation): Promise<undefined> {
  const { out, format, probabilities = false, delimiter, quiet = false } = options as Flags;
  const [run, data] = twoArguments(args);
  const model = await openTrained(run);
  const { record } = model;
  const source = { ...(await openSource(data)), delimiter };
  const chosen = format ?? (source.format === "jsonl" ? "jsonl" : "csv");
  const shape = { classes: classesOf(record), probabilities, outputs: record.outputs };
  const writer: RowWriter = json || chosen === "jsonl" ? jsonlWriter(shape) : csvWriter(shape);
  const kept: unknown[] = [];
  const output = json ? null : createOutput(out ?? null);
  let rows = 0;
  try {
    await predictSource(model, source, { onColumns: writer.columns }, async (piece) => {
      rows += piece.predictions.length;
      if (output === null) kept.push(...writer.records(piece));
      else await output.write(writer.text(piece));
    });
  } finally {
    output?.close();
  }
  if (json) {
    terminal.print(
      JSON.stringify({
        schema: "steepest.predict/1",
        run,
        rows,
        classes: shape.classes,
        predictions: kept,
      }),
    );
  } else if (!quiet) {
    const where = out === undefined ? "" : ` in ${out}`;
    terminal.note(
      `${rows.toLocaleString("en")} predictions${where} by ${record.name}, trained for ${model.step} steps`,
    );
  }
}

function twoArguments(args: readonly string[]): readonly [string, string] {
  const [run, data, more] = args;
  if (run !== undefined && data !== undefined && more === undefined) return [run, data];
  throw new SteepestError("usage", `${args.length} arguments are given, and 2 are needed`, {
    help: "name a run and a file: steepest predict runs/houses-1 new.csv",
  });
}
