/**
 * How often find-lr is right, beside other tools' rules and random search: real searches on small tasks, held against
 * grids of whole trainings. Figures are kept in scripts/find-lr-bench/ and go on where they were left.
 *
 *   npx jiti scripts/find-lr-bench.ts truth            the grids (about ten minutes)
 *   npx jiti scripts/find-lr-bench.ts search [NAME]    searches and rivals not yet made; a name: these tasks anew, kept nowhere
 *   npx jiti scripts/find-lr-bench.ts again [NAME]     find-lr's searches anew, of all tasks or these; rivals stay as they are
 *   npx jiti scripts/find-lr-bench.ts longer [NAME]    searches with larger budgets, of all tasks or these; report needs those of fresh
 *   npx jiti scripts/find-lr-bench.ts report           the tables, into docs/find-lr.md
 */

import { writeReport } from "./find-lr-bench/report.ts";
import { runSearches, searchAgain, searchLonger, showTasks } from "./find-lr-bench/searches.ts";
import { TASKS } from "./find-lr-bench/tasks.ts";
import { measureTruth } from "./find-lr-bench/truth.ts";

const [what, which] = process.argv.slice(2);
const named = TASKS.filter((t) => which === undefined || t.group === which || t.name.includes(which));
if (what === "truth") await measureTruth(TASKS);
else if (what === "search" && which === undefined) await runSearches(TASKS);
else if (what === "search") await showTasks(named);
else if (what === "again") await searchAgain(named);
else if (what === "longer") await searchLonger(named);
else if (what === "report") writeReport(TASKS);
else throw new Error("say truth, search, again, longer or report");
