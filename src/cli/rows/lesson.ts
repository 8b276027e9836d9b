import type { CommandRow } from "../command.ts";

export const lesson: CommandRow = {
  name: "lesson",
  summary: "run the lesson's claims and print claimed against measured",
  define: (c) => {
    c.option("--only <claims>", "ids, separated by commas");
  },
  load: () => import("../commands/lesson.ts"),
};
