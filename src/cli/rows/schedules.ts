import type { CommandRow } from "../command.ts";

export const schedules: CommandRow = {
  name: "schedules",
  about: "list the schedules, or explain one",
  define: (c) => {
    c.argument("[name]", "explain this one, by its name here or elsewhere: its formula, options and ranges");
  },
  load: () => import("../commands/schedules.ts"),
};
