/** `steepest find-lr -- COMMAND` on programs of every manner. Known answers: test/trainers/grid.json. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { ProgramComparison } from "../../src/cli/search/compare.ts";
import type { ProgramFindLr } from "../../src/cli/search/report.ts";
import { torch } from "../handoff/torch.ts";
import { examples, folder, steepestAgain as steepest } from "./steepest.ts";

const trainers = fileURLToPath(new URL("../trainers", import.meta.url));

interface Grid {
  readonly [program: string]: {
    readonly start: number;
    readonly rates: readonly { readonly rate: number; readonly scores: readonly (number | null)[] }[];
  };
}
const grid = JSON.parse(readFileSync(join(trainers, "grid.json"), "utf8")) as Grid;

/** Mean final loss of the grid at the rate, between its rates by a straight line over log rates. */
function lossIn(program: string, rate: number): number {
  const rows = grid[program]!.rates.map(({ rate: r, scores }) => [
    Math.log(r),
    scores.reduce<number>((a, s) => a + (s ?? Number.POSITIVE_INFINITY), 0) / scores.length,
  ]) as [number, number][];
  const at = Math.max(0, rows.findIndex(([r]) => r >= Math.log(rate)) - 1);
  const [[low, below], [high, above]] = [rows[at]!, rows[at + 1]!];
  const share = (Math.log(rate) - low) / (high - low);
  return below + share * (above - below);
}

function best(program: string): { readonly rate: number; readonly loss: number } {
  const rates = grid[program]!.rates.map(({ rate, scores }) => ({
    rate,
    loss: scores.reduce<number>((a, x) => a + (x ?? Number.POSITIVE_INFINITY), 0) / scores.length,
  }));
  return rates.reduce((a, b) => (b.loss < a.loss ? b : a));
}

async function find(cwd: string, args: readonly string[]): Promise<ProgramFindLr> {
  const { stdout, stderr } = await steepest(["find-lr", "--json", "--quiet", ...args], { cwd });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as ProgramFindLr;
}

/** At most so much of the way to the grid's best is lost. */
function expectGood(program: string, suggestion: number): void {
  const { loss } = best(program);
  expect((lossIn(program, suggestion) - loss) / (grid[program]!.start - loss)).toBeLessThan(0.05);
}

/** It lies within a factor of the best, the interval holds it, and the search costs less than a third of the grid's 51 trainings. */
function expectRight(program: string, found: ProgramFindLr): void {
  const { rate } = best(program);
  expectGood(program, found.suggestion!);
  expect(found.suggestion! / rate).toBeGreaterThan(1 / 2.2);
  expect(found.suggestion! / rate).toBeLessThan(2.2);
  expect(found.interval![0]).toBeLessThanOrEqual(rate);
  expect(found.interval![1]).toBeGreaterThanOrEqual(rate);
  expect(found.steps / found.length).toBeLessThan(17);
}

test("a program in another language, that finds the rate in its environment", async () => {
  const found = await find(folder(), ["--jobs", "2", "--", "node", join(trainers, "logistic_env.mjs")]);
  expectRight("logistic_env.mjs", found);
});

test.skipIf(torch === null)("a program of functions, as for JAX, that writes lines of JSON", async () => {
  const found = await find(folder(), [
    ...["--jobs", "2", "--", torch!.path, join(trainers, "numpy_pytree.py"), "--workdir", "{out}"],
    ...["--config.learning_rate", "{lr}", "--config.seed", "{seed}"],
  ]);
  expectRight("numpy_pytree.py", found);
});

test.skipIf(torch === null)("the example's commands, as its README gives them", async () => {
  const readme = readFileSync(join(examples, "any-trainer", "README.md"), "utf8");
  const [, search, watch] = readme.split("npx steepest ").map((part) => part.slice(0, part.indexOf("\n")));
  const program = join(examples, "any-trainer", "train.py");
  const words = (line: string): string[] =>
    line.split(" ").map((w) => (w === "python3" ? torch!.path : w === "train.py" ? program : w));
  const cwd = folder();
  // of each training most is the import of PyTorch: half as many do
  const [verb, ...rest] = words(search!);
  const { code, stdout } = await steepest([verb!, "--budget", "6", ...rest], { cwd });
  expect(code).toBe(0);
  const rate = Number(/learning rate (\S+)/.exec(stdout)![1]);
  expectGood("../../examples/any-trainer/train.py", rate);
  expect(rate).toBeGreaterThan(0.007);
  expect(rate).toBeLessThan(0.13);
  const run = await steepest(words(watch!), { cwd });
  expect(run.code).toBe(0);
  expect(run.stderr.replace(/\s+/g, " ")).toContain("80 points");
});

/** Least of (1 - rate)^360 + 0.003 rate^2 is at 0.038; a factor of three is the same to a hundredth of the way. */
const [LOW, HIGH] = [0.012, 1.2];

/** A training in plain JavaScript on a quadratic with a floor of noise; its settings by `read`. */
const quadratic = (read: string, more = ""): string => `
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
const { lr, seed } = (${read})();
${more}
let x = 1;
for (let step = 0; step < 200; step++) {
  console.log("step " + step + " loss " + (x * x + 0.001 * lr * lr * (1 + ((step * 7 + seed) % 5))).toPrecision(6));
  x -= lr * x;
  if (step % 10 === 9) await new Promise((r) => setTimeout(r, PAUSE));
}`;
const ARGS = `() => ({ lr: Number(process.argv[2]), seed: Number(process.argv[3]) })`;

function write(cwd: string, body: string, pause = 0): void {
  writeFileSync(join(cwd, "train.mjs"), body.replace("PAUSE", String(pause)));
}
const blanks = ["--", process.execPath, "train.mjs", "{lr}", "{seed}"];

test("the loss of held-out rows decides where a program logs one, and --for training asks for the other", async () => {
  const program = join(trainers, "overfits.mjs");
  // the known answer: whole trainings, read by a pattern
  const lastHeldOut = (rate: number): number => {
    const printed = execFileSync("node", [program, "--lr", String(rate)], { encoding: "utf8" });
    return Number(/.*validation loss (\S+)\s*$/.exec(printed)![1]);
  };
  const rates = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016];
  const losses = rates.map(lastHeldOut);
  const rate = rates[losses.indexOf(Math.min(...losses))]!;
  const command = ["--jobs", "2", "--", "node", program, "--lr", "{lr}", "--seed", "{seed}"];
  const found = await find(folder(), command);
  expect(found.for).toBe("validation");
  expect(found.suggestion! / rate).toBeGreaterThan(1 / 2.2);
  expect(found.suggestion! / rate).toBeLessThan(2.2);
  // which higher rates came to their end hangs on when they could be paused: two of them beside the best did
  expect(found.best.training).toBeGreaterThan(found.suggestion!);
  expect(found.notes.join()).toContain("by the training loss alone");
  const fit = await find(folder(), ["--for", "training", ...command]);
  expect(fit.for).toBe("training");
  expect(fit.suggestion).toBeGreaterThan(4 * rate);
});

test("--override writes into copies of settings of every format", async () => {
  const cwd = folder();
  const settings = {
    "settings.yaml": "# kept\noptimizer:\n  lr: 0.5\nseed: 0\n",
    "settings.json": '{"optimizer": {"lr": 0.5}, "seed": 0}',
    "settings.toml": "seed = 0\n[optimizer]\nlr = 0.5\n",
  };
  for (const [name, text] of Object.entries(settings)) writeFileSync(join(cwd, name), text);
  const read = `() => {
  const [yaml, json, toml] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
  const rates = [Number(/lr: (.*)/.exec(yaml)[1]), JSON.parse(json).optimizer.lr, Number(/lr = (.*)/.exec(toml)[1])];
  if (!yaml.startsWith("# kept") || new Set(rates).size > 1) throw new Error(rates.join());
  return { lr: rates[0], seed: 0 };
}`;
  write(cwd, quadratic(read));
  const found = await find(cwd, [
    ...["--override", "optimizer.lr: {lr}", "--", process.execPath, "train.mjs"],
    ...Object.keys(settings),
  ]);
  expect(found.suggestion).toBeGreaterThan(LOW);
  expect(found.suggestion).toBeLessThan(HIGH);
  expect(found.notes.join()).toContain("all seeds gave the same losses");
  for (const [name, text] of Object.entries(settings))
    expect(readFileSync(join(cwd, name), "utf8")).toBe(text);
});

test("a loss in a file, named or found in {out}, and the GPU of each trial", async () => {
  const cwd = folder();
  const toFile = `console.log = (line) => appendFileSync(process.env.STEEPEST_OUT + "/log.txt", line + "\\n"); writeFileSync(process.env.STEEPEST_OUT + "/gpu", process.env.CUDA_VISIBLE_DEVICES ?? "");`;
  write(cwd, quadratic(ARGS, toFile));
  const found = await find(cwd, ["--budget", "4", "--gpus", "3,5", "--out", "search", ...blanks]);
  expect(found.suggestion).toBeGreaterThan(LOW);
  const gpus = found.trials.map((t) => readFileSync(join(cwd, "search", t.folder, "gpu"), "utf8"));
  expect(new Set(gpus)).toEqual(new Set(["3", "5"]));
  const named = await find(cwd, ["--budget", "4", "--log", "{out}/log.txt", ...blanks]);
  expect(named.suggestion).toBe(found.suggestion);
});

test("--steps cuts trainings, and the program's own end is told", async () => {
  const cwd = folder();
  write(cwd, quadratic(ARGS));
  const cut = await find(cwd, ["--budget", "3", "--steps", "100", ...blanks]);
  expect(cut.length).toBeLessThanOrEqual(100);
  const long = await find(cwd, ["--budget", "3", "--steps", "1000", ...blanks]);
  expect(long.notes.join()).toContain("ended before the steps that were asked for");
});

test("a rate without effect is a refusal that says what to write", async () => {
  const cwd = folder();
  write(cwd, quadratic("() => ({ lr: 0.1, seed: 0 })"));
  const { code, stdout } = await steepest(["find-lr", "--quiet", "--", process.execPath, "train.mjs"], {
    cwd,
  });
  expect(code).toBe(1);
  expect(stdout).toContain("rate-without-effect");
  expect(stdout).toContain("write {lr} into the command");
});

test("a loss that no rate lowers is refused", async () => {
  const cwd = folder();
  write(
    cwd,
    `const noise = (x) => (Math.sin(x) * 43758.5453) % 1;
for (let i = 0; i < 100; i++) console.log("step " + i + " loss " + (2 + 0.1 * noise(i * 12.9898 + 78.233 * Number(process.argv[2]) + 37.719 * Number(process.argv[3]))));`,
  );
  const found = await find(cwd, ["--budget", "40", ...blanks]);
  expect(found).toMatchObject({ suggestion: null, refusal: "nothing-learnt" });
});

test.each([
  [
    "fails at once",
    `console.error("ModuleNotFoundError: no torch"); process.exit(1);`,
    "program-failed",
    "no torch",
  ],
  ["prints nothing", "", "no-loss", "it printed nothing"],
  [
    "needs a terminal",
    `if (!process.stdin.isTTY) { console.error("this program asks questions: no terminal"); process.exit(3); }`,
    "program-failed",
    "no terminal",
  ],
  [
    "prints 20 MB without a loss",
    `const text = ("x".repeat(999) + "\\n").repeat(1000);
for (let i = 0; i < 20; i++) if (!process.stdout.write(text)) await new Promise((r) => process.stdout.once("drain", r));`,
    "no-loss",
    "xxx",
  ],
  ["prints no loss", `console.log("hello"); console.log("done");`, "no-loss", "done"],
  ["prints one loss", `console.log("step 1 loss 2");`, "too-few-losses", "one loss"],
  ["prints binary", "process.stdout.write(Buffer.alloc(5000, 200));", "no-loss", "--loss"],
  [
    "runs away at every rate",
    `for (let i = 0; i < 50; i++) console.log("step " + i + " loss " + (i < 5 ? 1 : NaN));`,
    "program-failed",
    "ran away",
  ],
])("a program that %s gets one clear message", async (_, body, id, words) => {
  const cwd = folder();
  write(cwd, body);
  const { code, stderr } = await steepest(["find-lr", "--quiet", ...blanks], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain(`error[${id}]`);
  expect(stderr).toContain(words);
});

test.each([
  [["--override", "lr: {lr}", ...blanks], "no file to write to"],
  [["--resume", ...blanks], "no search to go on with"],
  [["--jobs", "0", ...blanks], "whole number from 1"],
  [["--time", "soon", ...blanks], "--time is soon"],
  [["run.json", ...blanks], "run.json stands before --"],
  [["--"], "no program is given"],
  [["--", "node", "train.mjs", "{lr}", "{steps}"], "--steps is not given"],
])("%j is wrong usage", async (args, words) => {
  const { code, stderr } = await steepest(["find-lr", ...args], { cwd: folder() });
  expect(code).toBe(2);
  expect(stderr).toContain(words);
});

test("compare finds each setting's own best rate, and tells whether the lead is more than noise", async () => {
  const cwd = folder();
  // momentum helps on a narrow valley; "same" is plain descent under another name
  write(
    cwd,
    `const [how, lr, seed] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const beta = how === "momentum" ? 0.9 : 0;
let [x, y, u, v] = [1, 1, 0, 0];
for (let step = 0; step < 300; step++) {
  const noise = 0.02 * Math.sin(step * 12.9898 + seed * 78.233) * Math.sin(step * 3.7);
  console.log("step " + step + " loss " + (50 * x * x + 0.05 * y * y + 0.001 + noise * noise).toPrecision(6));
  u = beta * u + 100 * x + noise;
  v = beta * v + 0.1 * y;
  x -= lr * u;
  y -= lr * v;
}`,
  );
  const command = [
    "--set",
    "how=plain,momentum,same",
    "--",
    process.execPath,
    "train.mjs",
    "{how}",
    "{lr}",
    "{seed}",
  ];
  const { code, stdout, stderr } = await steepest(
    ["compare", "--quiet", "--json", "--budget", "8", "--fresh-seeds", "3", ...command],
    { cwd },
  );
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const { contestants, lead, race, target } = JSON.parse(stdout) as ProgramComparison;
  expect(contestants.map((c) => c.set["how"]).sort()).toEqual(["momentum", "plain", "same"]);
  expect(contestants[0]!.set["how"]).toBe("momentum");
  expect(lead!.beyondNoise).toBe(true);
  expect(contestants.every((c) => c.losses.length === 3 && c.search.lrDiverged! < 0.1)).toBe(true);
  // the same program under two names, from a loss of 50
  const [, second, third] = contestants;
  expect(third!.mean! - second!.mean!).toBeLessThan(0.1);
  // seeds that chose no rate judge the way to a loss that all three reach
  expect(target).toMatchObject({ by: "common" });
  expect(race).toMatchObject({ favourite: "how=momentum", missed: 0, absent: [] });
  expect(race!.rivals.map((r) => [r.verdict, r.seeds])).toEqual([
    ["ahead", 3],
    ["ahead", 3],
  ]);
  expect(race!.rivals[0]!.ratio).toBeCloseTo(race!.rivals[1]!.ratio, 1);
  expect(race!.rivals[0]!.seconds).toBeGreaterThan(0);
});

test.each([
  [["--set", "how", ...blanks], "is no setting"],
  [["--set", "how=a,b", ...blanks], "does not name {how}"],
  [["--set", "lr=1", ...blanks], "nothing to compare"],
])("compare %j is wrong usage", async (args, words) => {
  const { code, stderr } = await steepest(["compare", ...args], { cwd: folder() });
  expect(code).toBe(2);
  expect(stderr).toContain(words);
});

test("beside a run file, --steps and --seed are its settings", async () => {
  const cwd = folder();
  const run = join(examples, "houses.yaml");
  const { code, stderr } = await steepest(["find-lr", run, "--steps", "none"], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain("steps");
  expect(stderr).not.toContain("positive number");
});
