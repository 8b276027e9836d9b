import { Option } from "commander";
import type { CommandRow } from "../command.ts";
import { positive } from "../flags.ts";

export const predict: CommandRow = {
  name: "predict",
  about: "what a trained model says of new rows",
  define: (c) => {
    c.argument("<run>", "a run folder, or one of its checkpoints")
      .argument(
        "<data...>",
        "CSV, JSONL, NPY or IDX, gzipped or not; - is standard input; or pictures, PNG or JPEG",
      )
      .option("--out <file>", "write into this file instead of standard output")
      .addOption(
        new Option("--format <name>", "default: JSONL for JSONL, else CSV").choices(["csv", "jsonl"]),
      )
      .option("--probabilities", "also the probability of every class")
      .option("--resize", "pictures: scale them to the size that the model takes")
      .option("--invert", "pictures: dark on light becomes light on dark, as the digits are")
      .option(
        "--white <number>",
        "pictures: the number that white has in the data; default: as the run has it",
        positive(),
      )
      .option("--delimiter <character>", "of a CSV file; default: the one its first line holds most of")
      .option("--encoding <name>", "of a CSV file's text, such as windows-1252; default utf-8")
      .option("--quiet", "no notes")
      .addHelpText(
        "after",
        [
          "",
          "A CSV file needs the columns that the model was trained on, in any order. Other columns are kept, and",
          "the prediction is added. Rows stream: a file of any size needs the same memory.",
          "",
          "  steepest predict runs/houses-1 new.csv --out predicted.csv",
          "  steepest predict runs/digits-1 scans/*.png --resize --invert",
          "  cat rows.jsonl | steepest predict runs/houses-1 - --probabilities",
          "",
          "docs/use.md goes from training to predictions.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/predict.ts"),
};
