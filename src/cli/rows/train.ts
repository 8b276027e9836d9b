import type { CommandRow } from "../command.ts";

export const train: CommandRow = {
  name: "train",
  summary: "train a model from a run file",
  define: (c) => {
    c.argument("<run>", "a run file (JSON, YAML, TypeScript), or with --resume a run folder")
      .option("--out <folder>", "write into this folder instead of runs/<name>-<n>")
      .option(
        "--resume [folder]",
        "go on with a run from its last checkpoint; default: the newest of that name",
      )
      .option("--quiet", "no progress; warnings are still given")
      .option("--strict", "exit with 1 when the diagnosis has a critical finding")
      .option("--no-plots", "write no loss.svg, loss.png and report.html")
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "Every setting of the run file is a flag too:",
          "  steepest train run.json --optimizer.lr 0.1 --steps 500 --model.hidden 128,64",
          "",
          "Ctrl-C finishes the step and writes a checkpoint; --resume goes on from it bit for bit.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/train.ts"),
};
