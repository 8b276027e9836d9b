import { groups } from "steepest/lesson";
import { choice, text } from "../../lib/fields.ts";

export const fields = {
  group: choice(["all", ...groups], "all"),
  /** Ids, groups or ranges to run at once, as on the command line: "C5,C18b". */
  run: text("", { max: 200 }),
};
