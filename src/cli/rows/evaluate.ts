import type { CommandRow } from "../command.ts";

export const evaluate: CommandRow = {
  name: "evaluate",
  about: "how good a trained model is on data that has the answers",
  define: (c) => {
    c.argument("<run>", "a run folder, or one of its checkpoints")
      .argument("<data>", "CSV, JSONL, NPY, IDX, or a text for a text model; - is standard input")
      .option("--target <file>", "the answers beside an NPY or IDX file")
      .option("--delimiter <character>", "of a CSV file; default: the one its first line holds most of")
      .option("--encoding <name>", "of a CSV file's text, such as windows-1252; default utf-8")
      .option("--plot <file>", "draw confusions and calibration, or residuals: .svg or .png")
      .addHelpText(
        "after",
        [
          "",
          "Classes: accuracy, log loss, calibration error, and precision, recall and F1 of each class.",
          "Numbers: RMSE, MAE and R². Texts: perplexity. The loss is the one of training, computed as there.",
          "",
          "  steepest evaluate runs/houses-1 test.csv",
          "  steepest evaluate runs/digits-1 images.npy --target labels.npy --json",
          "  steepest evaluate runs/houses-1 test.csv --plot fit.png",
        ].join("\n"),
      );
  },
  load: () => import("../commands/evaluate.ts"),
};
