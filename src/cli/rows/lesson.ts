import type { CommandRow } from "../command.ts";

export const lesson: CommandRow = {
  name: "lesson",
  about: "run every claim of the lesson and print claimed against measured",
  define: (c) => {
    c.option("--only <claims>", "ids, ranges and groups, separated by commas: C5,C18b,C8-C10,walkthrough")
      .option("--list", "list ids, titles and groups; run nothing")
      .option(
        "--set <values>",
        "other settings for the experiments, separated by commas: C5.lr=20,C12.runs=200",
      )
      .option("--plot <folder>", "write the figures into this folder, as PNG files")
      .option("--quiet", "no progress")
      .addHelpText(
        "after",
        [
          "",
          "Every number is measured while you wait, by the same optimizers that train: about a minute in all.",
          "Exit code 1 when an experiment fails to run; a claim that does not hold is a result.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/lesson.ts"),
};
