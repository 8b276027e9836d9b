import type { CommandRow } from "../command.ts";
import { collect, finite, positive, whole, wordOr } from "../flags.ts";
import { programFlags } from "../search/options.ts";

export const compare: CommandRow = {
  name: "compare",
  about: "optimizers side by side, each at its own best learning rate",
  defineProgram: (c) =>
    void programFlags(c).option(
      "--set <name=values>",
      "values of a blank of the command, compared: optimizer=sgd,adamw",
      collect,
      [],
    ),
  define: (c) => {
    c.usage("[options] <run> | [options] -- <program> [arguments…]")
      .argument("[run]", "a run file; its optimizer and rate are replaced by those compared")
      .option("--optimizers <list>", "names with options, e.g. sgd:momentum=0.9,adam,adamw")
      .option(
        "--rates <rates>",
        "range low:high that the search for each rate does not leave, default 1e-7:1000; or a list a,b,c, tried as it is",
      )
      .option(
        "--budget <n>",
        "trainings that each optimizer's search may cost; default 4 for short runs to 1.5 from 1,000 steps on, with a program 12",
        positive(),
      )
      .option(
        "--total <n>",
        "trainings that all of it may cost: one seed tries the rates, and of all optimizers' rates together the quickest half goes on, again and again",
        positive(),
      )
      .option(
        "--seeds <n>",
        "repeat each rate with so many seeds, from the run's own upwards; default 3",
        whole({ min: 1, max: 1000 }),
      )
      .option(
        "--target <loss>",
        "count steps and seconds to this loss, or to the 'best' that any reaches; default: one that all good ones reach",
        wordOr(["best"], finite("loss such as 0.5, or best")),
      )
      .option(
        "--fresh-seeds <n>",
        "further seeds, at most, that judge who reaches the target first; added until it is clear, 0 for none; default 8",
        whole({ min: 0, max: 1000 }),
      )
      .option("--jobs <n>", "runs at a time; default: one for each core", whole({ min: 1 }))
      .option("--out <folder>", "write into this folder, or go on with the comparison in it")
      .option("--plot <file>", "draw the heat map into this file as well: .svg or .png")
      .option("--quiet", "no progress")
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "Every setting of the run file is a flag too; the budget is --steps or --epochs:",
          "  steepest compare run.json --optimizers sgd:momentum=0.9,adamw --steps 300",
          "Many optimizers within a budget, who is behind costs no more:",
          "  steepest compare run.json --optimizers sgd:momentum=0.9,adam,adamw,lion,muon,soap --total 90",
          "",
          "With a program, every combination of --set is searched for its best rate, then run with all seeds:",
          "  steepest compare --set optimizer=sgd,adamw -- python train.py --opt {optimizer} --lr {lr} --seed {seed}",
          "",
          "Finished runs are kept in the folder: after Ctrl-C the same command with --out FOLDER runs the",
          "missing ones only, and with more --optimizers, --rates or --seeds it adds to what is there.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/compare.ts"),
};
