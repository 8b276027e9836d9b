import type { CommandRow } from "../command.ts";
import { finite, positive, whole } from "../flags.ts";

export const advise: CommandRow = {
  name: "advise",
  about: "which optimizer for this run: a short list by its kind, compared within a budget",
  define: (c) => {
    c.usage("[options] <run>")
      .argument("<run>", "a run file; its own optimizer takes part")
      .option("--budget <n>", "trainings of the run that the answer may cost", positive(), 80)
      .option(
        "--target <loss>",
        "the loss to reach; default: one that all good ones reach",
        finite("loss such as 0.5"),
      )
      .option("--list", "print the short list and what it would cost, and train nothing")
      .option("--jobs <n>", "trainings at a time; default: one for each core", whole({ min: 1 }))
      .option("--out <folder>", "write into this folder, or go on with the advice in it")
      .option("--quiet", "no progress")
      .allowUnknownOption()
      .addHelpText(
        "after",
        [
          "",
          "Every setting of the run file is a flag too:",
          "  steepest advise run.json --steps 300 --budget 20",
          "",
          "The folder holds run.json, the run with the optimizer and rate of the answer:",
          "  steepest train runs/advise-NAME-1/run.json",
          "",
          "After Ctrl-C the same command with --out FOLDER goes on.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/advise.ts"),
};
