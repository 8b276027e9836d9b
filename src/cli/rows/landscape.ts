import { LANDSCAPE_PLANES } from "../../train/landscape-planes.ts";
import type { CommandRow } from "../command.ts";
import { whole, wordOr } from "../flags.ts";

export const landscape: CommandRow = {
  name: "landscape",
  about: "the loss around a run's weights, over two directions, with the run's path on it",
  define: (c) => {
    c.argument("[run]", "a run file, which is trained, or a run folder: its last checkpoint")
      .option(
        "--plane <name>",
        `directions: ${LANDSCAPE_PLANES.join(", ")}; default path, random for a folder`,
      )
      .option("--steps <n>", "training steps of a run file; default the run's own", whole({ min: 1 }))
      .option("--samples <n>", "places along each direction", whole({ min: 2 }), 25)
      .option(
        "--rows <n>",
        'rows of the training data to take the loss over, or "all"; default 64',
        wordOr(["all", "full"], whole({ min: 1, or: ' or "all"' })),
      )
      .option("--plot <path>", "draw into this file (.svg or .png)")
      .option("--quiet", "no progress")
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "path: where the weights moved most. hessian: the two directions of largest curvature. random: two",
          "directions, each filter as long as the weights' own (Li et al. 2018).",
          "",
          "  steepest landscape examples/digits.json --steps 300 --plot loss.svg",
          "  steepest landscape runs/digits-1 --plane hessian --json",
          "",
          "Every setting of the run file is a flag too. Nothing is written but the plot.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/landscape.ts"),
};
