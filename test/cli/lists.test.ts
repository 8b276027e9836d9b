/** The commands that list tables: every row with its names elsewhere, one row in full, one JSON document. */
import { expect, test } from "vitest";
import { optimizers } from "../../src/optim/index.ts";
import { schedules } from "../../src/optim/schedules/index.ts";
import { steepest } from "./steepest.ts";

const cwd = import.meta.dirname;
const printed = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await steepest(args, { cwd });
  expect(code, stderr).toBe(0);
  return stdout;
};
const lineOf = (text: string, name: string): string | undefined =>
  text.split("\n").find((line) => line.startsWith(`${name} `));

test("optimizers lists every row with its names elsewhere", async () => {
  const text = await printed("optimizers");
  expect(text.trimEnd().split("\n")).toHaveLength(optimizers.length);
  for (const { name, elsewhere } of optimizers)
    for (const theirs of Object.values(elsewhere)) expect(lineOf(text, name)).toContain(theirs ?? "");
  expect(lineOf(text, "adamw")).toMatch(
    /\[PyTorch AdamW; optax adamw; Keras AdamW; Hugging Face adamw_torch\]$/,
  );
});

test("schedules lists every row with its names elsewhere", async () => {
  const text = await printed("schedules");
  expect(text.trimEnd().split("\n")).toHaveLength(schedules.length);
  for (const { name, elsewhere: aliases } of schedules)
    for (const alias of aliases) expect(lineOf(text, name)).toContain(alias.name);
  expect(lineOf(text, "warmup-linear")).toContain("[Hugging Face linear]");
});

test("one row in full: formula, source, options with defaults and ranges", async () => {
  const adam = await printed("optimizers", "adam");
  expect(adam).toContain("Kingma & Ba 2015");
  expect(adam).toContain("stable on a quadratic while lr < 2(1+β₁)");
  expect(adam).toContain("state: 2 numbers a weight of a 256 × 256 matrix, 2 of a vector");
  expect(lineOf(adam, "eps")).toMatch(/^eps +1e-8 +≥ 0 /);
  const oneCycle = await printed("schedules", "OneCycleLR");
  expect(oneCycle).toMatch(/^one-cycle: /);
  expect(lineOf(oneCycle, "totalSteps")).toMatch(/^totalSteps +the run's totalSteps +a finite number > 1/);
});

test.each([
  ["optimizers", "steepest.optimizers/1", optimizers.length],
  ["schedules", "steepest.schedules/1", schedules.length],
])("%s --json is one document", async (command, schema, rows) => {
  const document = JSON.parse(await printed(command, "--json")) as Record<string, unknown>;
  expect(document["schema"]).toBe(schema);
  expect(document[command]).toHaveLength(rows);
});

test.each([
  ["optimizers", "AdamX", "error[optimizer]: there is no optimizer named", "adam"],
  ["schedules", "OneCycle", "error[unknown-schedule]", "one-cycle"],
])("%s %s is refused with the name that was meant", async (command, name, message, meant) => {
  const { code, stdout, stderr } = await steepest([command, name], { cwd });
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
  expect(stderr).toContain(meant);
});
