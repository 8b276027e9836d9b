import type { CommandRow } from "../command.ts";
import { whole, wordOr } from "../flags.ts";

export const analyze: CommandRow = {
  name: "analyze",
  about: "curvature, stability limits, gradient noise and convergence of a run",
  define: (c) => {
    c.argument("[run]", "a run file, or a run folder: then from its last checkpoint")
      .option(
        "--probe <file>",
        "say what steepest_probe.py has measured in a PyTorch training, and measure nothing",
      )
      .option(
        "--steps <n>",
        "training steps to follow; default: the run's own up to 200 for a run file, 0 for a folder",
        whole({ min: 0 }),
      )
      .option(
        "--rows <n>",
        'rows of the training data to take the loss over, or "all"; default 1024, 256 above 10,000 parameters',
        wordOr(["all", "full"], whole({ min: 1, or: ' or "all"' })),
      )
      .option("--looks <n>", "places along the steps where sharpness is measured", whole({ min: 2 }), 11)
      .option("--plot <path>", "draw into this file (.svg or .png), or all charts into this folder")
      .option("--quiet", "no progress")
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "Every setting of the run file is a flag too; --seed also draws the noise batches:",
          "  steepest analyze run.json --optimizer.name sgd --optimizer.lr 0.1 --batchSize full",
          "",
          "  steepest analyze --probe probe.jsonl",
          "",
          "Nothing is written but the plots: the training it follows is its own. docs/curvature.md says what the",
          "numbers mean.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/analyze.ts"),
};
