import type { CommandRow } from "../command.ts";
import { positive, whole } from "../flags.ts";

export const schedule: CommandRow = {
  name: "schedule",
  about: "print a learning-rate schedule",
  define: (c) => {
    c.argument("<name>", "a schedule; `steepest schedules` lists them")
      .option("--lr <number>", "base learning rate", positive(), 0.1)
      .option("--steps <number>", "steps of the run", whole({ min: 1 }), 100)
      .option("--steps-per-epoch <number>", "for schedules that count epochs", whole({ min: 1 }))
      .option("--every <number>", "print every n-th step; default: about 20 lines", whole({ min: 1 }))
      .option("--plot [file]", "draw it: into an .svg or .png file, or here in the terminal")
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        "\nOptions of the schedule are flags: steepest schedule warmup-cosine --warmupSteps 10\n" +
          "Batches that grow, as in a run file: --batchSize.sizes 32,64 --batchSize.starts 0,50 --batchSize.lrScaling sqrt",
      );
  },
  load: () => import("../commands/schedule.ts"),
};
