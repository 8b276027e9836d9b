/** Writes what comes from the code's tables: pages of docs/, option types, the optimizers' exports and comments. Run it with `npm run docs`. */
import { writeFileSync } from "node:fs";
import { commentedOptimizers } from "./docs/optimizer-comments.ts";
import { withOptimizerExports } from "./docs/optimizer-exports.ts";
import { generatedPages } from "./docs/pages.ts";
import { scheduleOptionTypes } from "./docs/schedule-options.ts";

for (const [name, make] of Object.entries(generatedPages))
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), make());

writeFileSync(new URL("../src/optim/schedules/option-types.ts", import.meta.url), scheduleOptionTypes());
writeFileSync(new URL("../src/optim/index.ts", import.meta.url), withOptimizerExports());

for (const [name, text] of Object.entries(commentedOptimizers()))
  writeFileSync(new URL(`../src/optim/optimizers/${name}`, import.meta.url), text);
