/** The table of commands. A command's code is loaded when it runs, so that start-up stays quick. */
import type { CommandRow } from "./command.ts";
import { advise } from "./rows/advise.ts";
import { analyze } from "./rows/analyze.ts";
import { compare } from "./rows/compare.ts";
import { descend } from "./rows/descend.ts";
import { diagnose } from "./rows/diagnose.ts";
import { evaluate } from "./rows/evaluate.ts";
import { exportRun } from "./rows/export.ts";
import { findLr } from "./rows/find-lr.ts";
import { generate } from "./rows/generate.ts";
import { info } from "./rows/info.ts";
import { lab } from "./rows/lab.ts";
import { landscape } from "./rows/landscape.ts";
import { lesson } from "./rows/lesson.ts";
import { mcp } from "./rows/mcp.ts";
import { optimizers } from "./rows/optimizers.ts";
import { plan } from "./rows/plan.ts";
import { predict } from "./rows/predict.ts";
import { probe } from "./rows/probe.ts";
import { run } from "./rows/run.ts";
import { schedule } from "./rows/schedule.ts";
import { schedules } from "./rows/schedules.ts";
import { serve } from "./rows/serve.ts";
import { train } from "./rows/train.ts";

export const commands: readonly CommandRow[] = [
  train,
  predict,
  evaluate,
  generate,
  serve,
  findLr,
  compare,
  advise,
  analyze,
  landscape,
  descend,
  diagnose,
  run,
  probe,
  schedule,
  schedules,
  optimizers,
  lesson,
  lab,
  mcp,
  exportRun,
  plan,
  info,
];
