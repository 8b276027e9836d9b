/** Writes the pages of docs/ that come from the code's tables. Run it with `npx jiti scripts/write-docs.ts`. */
import { writeFileSync } from "node:fs";
import { generatedPages } from "./docs/pages.ts";
import { scheduleOptionTypes } from "./docs/schedule-options.ts";

for (const [name, make] of Object.entries(generatedPages))
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), make());

writeFileSync(new URL("../src/optim/schedules/option-types.ts", import.meta.url), scheduleOptionTypes());
