import { Option } from "commander";
import { SteepestError } from "../../run/errors.ts";
import type { CommandRow } from "../command.ts";
import { positive, whole } from "../flags.ts";
import { PURPOSES, programFlags } from "../search/options.ts";

/** Below so many rates an average says nothing. */
const MIN_ITERATIONS = 30;
/** "1,2,4" */
function widthFactors(text: string): readonly number[] {
  const factors = text.split(",").map(Number);
  if (
    factors.length >= 2 &&
    factors.every((f) => f > 0 && Number.isFinite(f)) &&
    new Set(factors).size === factors.length
  )
    return factors;
  throw new SteepestError("usage", `--widths is ${text}`, {
    help: "give two factors or more, such as 1,2,4",
  });
}

export const findLr: CommandRow = {
  name: "find-lr",
  about: "find the learning rate by short trainings, with how sure it is, or say why there is none",
  defineProgram: (c) => void programFlags(c),
  define: (c) => {
    c.usage("[options] <run> | [options] -- <program> [arguments…]")
      .argument("[run]", "a run file")
      .option(
        "--budget <n>",
        "what may be spent, in whole trainings; default 12 with a program, else 1.5 to 4",
        positive(),
      )
      .option("--from <rate>", "try no lower rate", positive("learning rate"))
      .option("--to <rate>", "try no higher rate", positive("learning rate"))
      .option(
        "--seeds <n>",
        "seeds for the best rates, as far as the budget allows; default 3 with a program, else 1",
        whole({ min: 1, max: 100 }),
      )
      .option("--plot <file>", "draw the trainings into this file: .svg or .png")
      .option("--quiet", "no progress")
      .option("--curve <file>", "judge what range_test of steepest_probe.py has written, and train nothing")
      .addOption(
        new Option(
          "--for <loss>",
          "the loss to make small; default validation where rows are held out, or a program logs one",
        ).choices(PURPOSES),
      )
      .optionsGroup("With a run file:")
      .option(
        "--widths <factors>",
        "does the best rate move with the width? Searches at the model's width times each: 1,2,4",
        widthFactors,
      )
      .option(
        "--per-group",
        "the rate of each parameter group: all by one factor, then one at a time; --budget is for all of it",
      )
      .option("--sweep", "make a range test too: a picture, and what other tools would read from it")
      .option(
        "--iterations <n>",
        "rates of the range test",
        whole({ min: MIN_ITERATIONS, max: 100_000 }),
        250,
      )
      .option("--curvature", "ask the curvature for its limit; default where that is cheap")
      .option("--no-curvature", "don't ask it")
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
          "  steepest find-lr --part 3/27 --out FOLDER -- python train.py --lr {lr}     (docs/cluster.md)",
          "  steepest find-lr --curve range.jsonl",
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
