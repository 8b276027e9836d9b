import type { CommandRow } from "../command.ts";

export const optimizers: CommandRow = {
  name: "optimizers",
  about: "list the optimizers, or explain one",
  define: (c) => {
    c.argument("[name]", "explain this one: its options, ranges and paper");
  },
  load: () => import("../commands/optimizers.ts"),
};
