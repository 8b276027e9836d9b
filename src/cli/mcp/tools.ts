/** The table of tools. */
import type { Tool } from "./tool.ts";
import { compareLogs } from "./tools/compare-logs.ts";
import { diagnose } from "./tools/diagnose.ts";
import { explainOptimizer } from "./tools/explain-optimizer.ts";
import { findLr } from "./tools/find-lr.ts";
import { schedule } from "./tools/schedule.ts";

export const tools: readonly Tool[] = [diagnose, compareLogs, findLr, schedule, explainOptimizer];
