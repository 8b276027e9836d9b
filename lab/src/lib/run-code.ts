/** How a program in Node builds the run of a run file: what the rooms that train give away. */

/** Builds `built`, from `file` of the working folder; `files` are other files that the run reads, as code. */
export const buildCode = (file: string, files = ""): string =>
  [
    `const run = parseRun(JSON.parse(await readFile(${JSON.stringify(file)}, "utf8")));`,
    `const host = { ...memoryHost({${files}}), readPackageFile: async (name, path) => readFile(new URL(import.meta.resolve(\`\${name}/\${path}\`))) };`,
    "const built = await buildRun(run, { host, backend: wasm });",
  ].join("\n");

/** And `rate`, the run's schedule. */
export const scheduledCode = (file: string, files?: string): string =>
  `${buildCode(file, files)}\nconst rate = learningRateFromSpec(run.schedule, run.optimizer.lr, { totalSteps: built.totalSteps, stepsPerEpoch: built.plan.stepsPerEpoch });`;

/** What `buildCode` imports; Take has it by module. */
export const buildUses = {
  "fs/promises": ["readFile"],
  "steepest/data": ["memoryHost"],
  "steepest/engine": ["wasm"],
  "steepest/run": ["parseRun"],
  "steepest/train": ["buildRun"],
} as const;

/** What `scheduledCode` imports. */
export const scheduledUses = {
  ...buildUses,
  "steepest/optim/schedules": ["learningRateFromSpec"],
} as const;
