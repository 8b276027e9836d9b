/** find-lr and `"lr": "auto"` as a user runs them. */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples, folder, start, steepestAgain as steepest } from "./steepest.ts";

function withHouses(): string {
  const cwd = folder();
  for (const name of ["houses.yaml", "houses.csv"]) copyFileSync(join(examples, name), join(cwd, name));
  return cwd;
}
const json = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;

test("prints a rate with its reasons, and draws it", async () => {
  const cwd = withHouses();
  const args = ["find-lr", "houses.yaml", "--sweep", "--plot", "lr.svg"];
  const { code, stdout, stderr } = await steepest(args, { cwd });
  expect(code).toBe(0);
  const [, rate] = /^learning rate (\S+) \(the best lies between \S+ and \S+\)/.exec(stdout)!;
  expect(Number(rate)).toBeGreaterThan(0.005);
  expect(Number(rate)).toBeLessThan(0.4);
  expect(stdout).toMatch(/cost: \S+ trainings/);
  expect(stdout).toContain("what other tools would read");
  expect(stdout).toContain(`use it: steepest train houses.yaml --optimizer.lr ${rate}`);
  expect(stderr).toContain("looking for the learning rate of sgd");
  const svg = readFileSync(join(cwd, "lr.svg"), "utf8");
  for (const label of [
    "suggested",
    "lowest loss",
    "starts to rise",
    "diverges",
    "fastai valley",
    "Lightning",
  ])
    expect(svg).toContain(label);
});

test("--json is one document on standard output; a refusal is a result with exit code 1", async () => {
  const cwd = withHouses();
  const found = await steepest(["find-lr", "houses.yaml", "--json", "--quiet", "--for", "training"], { cwd });
  expect([found.code, found.stderr]).toEqual([0, ""]);
  expect(JSON.parse(found.stdout)).toMatchObject({
    schema: "steepest.find-lr/1",
    suggestion: expect.any(Number),
    for: "training",
    refusal: null,
    curve: [],
    seeds: [{ seed: 42 }],
  });
  const args = ["find-lr", "houses.yaml", "--json", "--quiet", "--from", "1e5"];
  const { code, stdout, stderr } = await steepest(args, { cwd });
  expect([code, stderr]).toEqual([1, ""]);
  expect(JSON.parse(stdout)).toMatchObject({ suggestion: null, refusal: "diverged-at-once", spread: null });
});

test("settings of the run file are flags, the program's flags are not, and --for is checked", async () => {
  const cwd = withHouses();
  const args = ["find-lr", "houses.yaml", "--json", "--quiet", "--steps", "100", "--seed", "7"];
  const { code, stdout } = await steepest(args, { cwd });
  expect(code).toBe(0);
  const { shortRuns, seeds } = JSON.parse(stdout) as { shortRuns: { steps: number }; seeds: object[] };
  expect(shortRuns.steps).toBeLessThanOrEqual(100);
  expect(seeds[0]).toMatchObject({ seed: 7 });
  for (const [flag, value] of [["--lr", "0.1"], ["--for", "test"]] as const) {
    const refused = await steepest(["find-lr", "houses.yaml", flag, value], { cwd });
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toMatch(flag === "--lr" ? /--optimizer\.lr/ : /--for is test\n/);
  }
}); // biome-ignore format: a table

test("train takes lr auto: run.json holds the number and its origin, and a resumed run does not search", async () => {
  const cwd = withHouses();
  const args = ["train", "houses.yaml", "--optimizer.lr", "auto", "--epochs", "3", "--no-plots"];
  const first = await steepest(args, { cwd });
  expect([first.code, first.stderr.includes("looking for the learning rate")]).toEqual([0, true]);
  const path = join(cwd, "runs/houses-1");
  const { optimizer, madeWith } = json(join(path, "run.json")) as Record<string, Record<string, unknown>>;
  expect(optimizer!["lr"]).toBe(json(join(path, "find-lr.json"))["suggestion"]);
  expect(optimizer!["lr"]).toBeGreaterThan(0);
  expect(madeWith!["lr"]).toMatch(/^find-lr by validation loss/);
  const more = ["train", "houses.yaml", "--resume", "--optimizer.lr", "auto", "--epochs", "4", "--no-plots"];
  const second = await steepest(more, { cwd });
  expect([second.code, second.stderr.includes("looking for the learning rate")]).toEqual([0, false]);
});

test("train with lr auto says so where no rate is found, and writes nothing", async () => {
  const cwd = withHouses();
  // a rate that no step can feel: the updates of sign-sgd would be, those of a gradient clipped to nothing are not
  const args = ["train", "houses.yaml", "--optimizer.lr", "auto", "--clip.globalNorm", "1e-30"];
  const { code, stdout, stderr } = await steepest(args, { cwd });
  expect([code, stdout, existsSync(join(cwd, "runs"))]).toEqual([1, "", false]);
  expect(stderr).toMatch(/error\[no-rate\]: no learning rate is found \(flat\)/);
});

test("Ctrl-C ends the search with 130", async () => {
  const { child, finished } = start(["find-lr", join(examples, "digits.json")], { cwd: folder() });
  child.stderr!.once("data", () => setTimeout(() => child.kill("SIGINT"), 200));
  const { code, stdout, stderr } = await finished;
  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toContain("interrupted");
});

test("--per-group prints a rate for each group, and what to write", async () => {
  const cwd = withHouses();
  const args = ["find-lr", "houses.yaml", "--quiet", "--per-group", "--steps", "60"];
  const groups = ["--groups", '[{"params": ["*.bias"], "lr": 0.1}]'];
  const { code, stdout, stderr } = await steepest([...args, ...groups], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^\*\.bias +0\.1 .*\nthe rest +0\.05 /m);
  expect(stdout).toMatch(/groups\[0\]\.lr = \S+, optimizer\.lr = \S+\n$/);
});
