/** A schedule written as code for another library. Whatever is written was first run here and gave the same rates. */

import type { Alias, ScheduleRow } from "./entry.ts";
import { findSchedule, makeSchedule } from "./make.ts";
import type { Options } from "./options.ts";
import { isMetricSchedule, type RunLengths, type Schedule } from "./types.ts";

/** The libraries that `scheduleCode` writes for. */
export type CodeFor = "pytorch" | "hugging-face";

/**
 * Python that gives `optimizer` this schedule. Where the library has the schedule itself, under the same numbers, it is
 * named; else the rates are listed and looked up by step. Throws what `makeSchedule` throws.
 */
export function scheduleCode(
  library: CodeFor,
  name: string,
  options: Options,
  { lr, ...run }: { readonly lr: number } & Required<RunLengths>,
): string {
  const { entry, alias } = findSchedule(name);
  const made = makeSchedule(name, lr, options, run);
  const own = alias === null ? options : null;
  for (const candidate of entry.elsewhere) {
    if (candidate.library !== library || own === null) continue;
    const theirs = translateBack(candidate, entry, own, { lr, ...run });
    if (theirs === null) continue;
    if (isMetricSchedule(made) || sameRates(candidate.name, theirs, made, { lr, ...run }))
      return library === "pytorch" ? torchCall(candidate.name, theirs) : getScheduler(candidate.name, theirs);
  }
  if (isMetricSchedule(made)) return `# ${library} has no schedule like ${name}: it follows a metric\n`;
  return lookUp(Array.from({ length: run.totalSteps }, (_, k) => made(k)));
}

/** Our options under the other library's names; null where it lacks one of them. */
function translateBack(
  alias: Alias,
  entry: ScheduleRow,
  own: Options,
  run: { readonly lr: number } & RunLengths,
): Record<string, unknown> | null {
  const theirs: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = { ...own };
  for (const [their, ours] of Object.entries(alias.options ?? {})) {
    // other libraries don't know the run: its length is given
    const filled = entry.options[ours]?.filledFrom === "totalSteps" ? run.totalSteps : undefined;
    const known = wanted[ours] ?? (ours === "lr" ? run.lr : filled);
    if (known === undefined || known === null) continue;
    const synonyms = Object.entries(entry.options[ours]?.synonyms ?? {});
    theirs[their] = synonyms.find(([, mine]) => mine === known)?.[0] ?? known;
    delete wanted[ours];
  }
  if (Object.values(theirs).some((v) => typeof v === "function" || hasRecords(v))) return null;
  // options without another name there are spelt alike, or are unknown to that library
  for (const [key, value] of Object.entries(wanted)) {
    const snake = key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
    if (snake !== key) return null;
    theirs[key] = value;
  }
  return theirs;
}

const hasRecords = (value: unknown): boolean =>
  typeof value === "object" && value !== null && (!Array.isArray(value) || value.some(hasRecords));

function sameRates(
  name: string,
  options: Options,
  made: Schedule,
  { lr, ...run }: { readonly lr: number } & Required<RunLengths>,
): boolean {
  try {
    const other = makeSchedule(name, lr, options, { totalSteps: run.totalSteps });
    if (isMetricSchedule(other)) return false;
    const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(lr, Math.abs(b));
    return Array.from({ length: run.totalSteps }, (_, k) => k).every(
      (k) => near(other(k), made(k)) && other.momentumAt?.(k) === made.momentumAt?.(k),
    );
  } catch {
    // the other library refuses these options: then its schedule isn't this one
    return false;
  }
}

function torchCall(name: string, options: Options): string {
  const args = Object.entries(options).map(([key, value]) => `${key}=${python(value)}`);
  return [
    `from torch.optim.lr_scheduler import ${name}`,
    "",
    `scheduler = ${name}(${["optimizer", ...args].join(", ")})`,
    "# call scheduler.step() after every optimizer.step()",
    "",
  ].join("\n");
}

function getScheduler(name: string, options: Options): string {
  const direct = ["num_warmup_steps", "num_training_steps"];
  const args = direct.filter((key) => key in options).map((key) => `${key}=${python(options[key])}`);
  const rest = Object.entries(options).filter(([key]) => !direct.includes(key));
  if (rest.length > 0)
    args.push(`scheduler_specific_kwargs={${rest.map(([k, v]) => `"${k}": ${python(v)}`).join(", ")}}`);
  return [
    "from transformers import get_scheduler",
    "",
    `scheduler = get_scheduler("${name}", ${["optimizer", ...args].join(", ")})`,
    "# call scheduler.step() after every optimizer.step()",
    "",
  ].join("\n");
}

function lookUp(rates: readonly number[]): string {
  return [
    "from torch.optim.lr_scheduler import LambdaLR",
    "",
    `rates = [${rates.map((r) => python(Number(r.toPrecision(9)))).join(", ")}]`,
    "",
    "# the optimizer's own lr is multiplied by the factor: make it 1",
    "for group in optimizer.param_groups:",
    '    group["lr"] = group["initial_lr"] = 1.0',
    "scheduler = LambdaLR(optimizer, lambda step: rates[min(step, len(rates) - 1)])",
    "# call scheduler.step() after every optimizer.step()",
    "",
  ].join("\n");
}

function python(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
