/** The types of the schedules' options, as run files in TypeScript give them. */
import type { ScheduleOptionSpec } from "../../src/optim/index.ts";
import { commonOptions } from "../../src/optim/schedules/make.ts";
import { schedules } from "../../src/optim/schedules/table.ts";

const types: Readonly<Record<ScheduleOptionSpec["type"], string>> = {
  number: "number",
  integer: "number",
  boolean: "boolean",
  choice: "string",
  "number[]": "readonly number[]",
  function: "(x: number) => number",
  schedule: "ScheduleSpec | Schedule",
  "schedule[]": "readonly (ScheduleSpec | Schedule)[]",
  "record[]": "readonly Readonly<Record<string, number>>[]",
};

function typeOf({ type, choices = [], synonyms = {} }: ScheduleOptionSpec): string {
  if (type !== "choice") return types[type];
  return [...choices, ...Object.keys(synonyms)].map((c) => JSON.stringify(c)).join(" | ");
}

/** `src/optim/schedules/option-types.ts`, whole. */
export function scheduleOptionTypes(): string {
  const rows = schedules.map(({ name, options }) => {
    const own = { ...commonOptions, ...options };
    const fields = Object.entries<ScheduleOptionSpec>(own)
      .filter(([key]) => key !== "lr")
      .map(
        ([key, spec]) => `readonly ${key}${spec.required && !spec.filledFrom ? "" : "?"}: ${typeOf(spec)};`,
      );
    return `  ${JSON.stringify(name)}: { ${fields.join(" ")} };`;
  });
  return [
    "// Written by `npm run docs` from the table of schedules.",
    'import type { Schedule, ScheduleSpec } from "./types.ts";',
    "",
    "/** The options of each schedule by its name. `steepest schedules NAME` has ranges and defaults. */",
    "// biome-ignore format: one row a line",
    "export interface ScheduleOptions {",
    ...rows,
    "}",
    "",
  ].join("\n");
}
