import type { CommandRow } from "../command.ts";
import { positive, whole } from "../flags.ts";
import { programFlags } from "../search/options.ts";

/** Below so many rates an average says nothing. */
const FEWEST_ITERATIONS = 30;

export const findLr: CommandRow = {
  name: "find-lr",
  summary: "find the learning rate, with its spread, or say why there is none",
  takesProgram: true,
  define: (c) => {
    c.usage("[options] <run> | [options] -- <program> [arguments…]")
      .argument("[run]", "a run file")
      .option(
        "--from <rate>",
        "lowest rate of the sweep; default 1e-7, lower where that diverges",
        positive("learning rate"),
      )
      .option(
        "--to <rate>",
        "highest rate of the sweep; default 10, higher where the loss has not risen",
        positive("learning rate"),
      )
      .option("--iterations <n>", "rates of the sweep", whole({ min: FEWEST_ITERATIONS, max: 100_000 }), 250)
      .option(
        "--seeds <n>",
        "repetitions, each with its own initial weights and batches",
        whole({ min: 1, max: 100 }),
        3,
      )
      .option("--no-curvature", "don't ask the curvature for its limit")
      .option("--plot <file>", "draw sweep and short runs into this file: .svg or .png")
      .option("--quiet", "no progress");
    programFlags(c)
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "A program is anything that trains and logs a loss: it prints it, or writes it to a file in {out}.",
          "  steepest find-lr -- python train.py --lr {lr} --seed {seed}",
          "  steepest find-lr --override 'optimizer.lr: {lr}' -- python train.py config.yaml",
          "  steepest find-lr --log {out}/metrics.csv -- ./train --rate {lr} --out {out}",
          "Without {lr} the program finds the rate in STEEPEST_LR, the seed in STEEPEST_SEED.",
          "",
          "Every setting of the run file is a flag too:",
          "  steepest find-lr run.json --optimizer.name sgd --optimizer.momentum 0.9",
          "",
          'With "lr": "auto" in the run file, or --optimizer.lr auto, steepest train looks for the rate itself.',
          "Exit code 1 when no rate can be suggested; the reason is the result. docs/find-lr.md says how it works.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/find-lr.ts"),
};
