/** `steepest predict <run> <data>`: rows in, the same rows with a prediction out. */

import { classesOf } from "../../predict/interpret.ts";
import { openTrained } from "../../predict/node-load-run.ts";
import { pictureKind, predictPictures } from "../../predict/node-pictures.ts";
import { openSource } from "../../predict/node-source.ts";
import { type PredictedPiece, predictSource } from "../../predict/predict.ts";
import { SteepestError } from "../../run/errors.ts";
import { showWhole } from "../../run/show-number.ts";
import type { Invocation } from "../command.ts";
import { createOutput } from "../predict/output.ts";
import { csvWriter, jsonlWriter, type RowWriter } from "../predict/rows.ts";

type Flags = {
  readonly out?: string;
  readonly format?: "csv" | "jsonl";
  readonly probabilities?: true;
  readonly delimiter?: string;
  readonly encoding?: string;
  readonly quiet?: true;
  readonly resize?: true;
  readonly invert?: true;
  readonly white?: number;
};

export async function run({ args, options, terminal, json }: Invocation): Promise<undefined> {
  const { out, format, probabilities = false, delimiter, encoding, quiet = false } = options as Flags;
  const [run, ...files] = args;
  const pictures = files.some((file) => pictureKind(file) !== null);
  if (run === undefined || files.length === 0 || (files.length > 1 && !pictures))
    throw wrongCount(args.length);
  const model = await openTrained(run);
  const { record } = model;
  const source = pictures ? null : { ...(await openSource(files[0]!)), delimiter, encoding };
  const chosen = format ?? (source?.format === "jsonl" ? "jsonl" : "csv");
  const shape = { classes: classesOf(record), probabilities, outputs: record.outputs };
  const writer: RowWriter = json || chosen === "jsonl" ? jsonlWriter(shape) : csvWriter(shape);
  const kept: unknown[] = [];
  const output = json ? null : createOutput(out ?? null);
  let rows = 0;
  try {
    const sink = async (piece: PredictedPiece): Promise<void> => {
      rows += piece.predictions.length;
      if (output === null) kept.push(...writer.records(piece));
      else await output.write(writer.text(piece));
    };
    if (source === null) {
      const { resize = false, invert = false, white } = options as Flags;
      writer.columns(["file"], 1);
      await predictPictures(model, files, { resize, invert, white }, sink);
    } else await predictSource(model, source, { onColumns: writer.columns }, sink);
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
      `${showWhole(rows)} predictions${where} by ${record.name}, trained for ${model.step} steps`,
    );
  }
}

const wrongCount = (count: number): SteepestError =>
  new SteepestError("usage", `${count} arguments are given, and 2 are needed`, {
    help: "name a run and a file: steepest predict runs/houses-1 new.csv (or any number of pictures)",
  });
