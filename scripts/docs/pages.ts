/** The pages of docs/ that are made from the code's tables, or hold blocks that are. */
import { clipsPage } from "./clips.ts";
import { descendPage } from "./descend.ts";
import { diagnosisPage } from "./diagnosis.ts";
import { lossesPage } from "./losses.ts";
import { optimizersPage } from "./optimizers.ts";
import { schedulesPage } from "./schedules.ts";

export const generatedPages: Readonly<Record<string, () => string>> = {
  "optimizers.md": optimizersPage,
  "schedules.md": schedulesPage,
  "losses.md": lossesPage,
  "clips.md": clipsPage,
  "descend.md": descendPage,
  "diagnosis.md": diagnosisPage,
};
