/** `steepest compare` as a process: threads or none, stopped and gone on with, refused where it must be. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { examples, folder, start, steepest, steepestAgain } from "./steepest.ts";

const lesson = join(examples, "lesson.json");
const cellsIn = (path: string): number =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
/** What must not depend on clock, threads and place. */
const lasting = (json: string): unknown =>
  JSON.parse(json, (key, value: unknown) =>
    ["seconds", "jobs", "folder", "ran"].includes(key) ? undefined : value,
  );

test("two threads give what one process gives; a stopped comparison is gone on with", async () => {
  const cwd = folder();
  const ask = [
    "compare",
    lesson,
    "--optimizers",
    "sgd,adam",
    "--rates",
    "0.001,0.1",
    "--seeds",
    "2",
    "--fresh-seeds",
    "3",
    "--json",
  ];
  // long enough to be stopped in the middle
  const long = [...ask, "--epochs", "2000"];
  const stopped = start([...long, "--jobs", "1", "--out", "c"], { cwd });
  while (cellsIn(join(cwd, "c/cells.jsonl")) < 1 && stopped.child.exitCode === null) await sleep(5);
  stopped.child.kill("SIGINT");
  const { code, stdout, stderr } = await stopped.finished;
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ schema: "steepest.compare/1", status: "interrupted" });
  expect(stderr).toMatch(/go on with: steepest compare .* --out c\n/);
  const kept = cellsIn(join(cwd, "c/cells.jsonl"));
  expect(kept).toBeLessThan(14);

  const [gone, fresh] = await Promise.all([
    steepest([...long, "--jobs", "1", "--out", "c"], { cwd }),
    steepest([...long, "--jobs", "2", "--out", "d"], { cwd }),
  ]);
  expect([gone.code, fresh.code]).toEqual([0, 0]);
  const { cells, race, seeds } = JSON.parse(gone.stdout);
  expect([seeds, race.rivals[0].seeds, race.trainings]).toEqual([[42, 43], 3, 6]);
  expect(cells).toMatchObject({ total: 14, ran: 14 - kept });
  expect(lasting(gone.stdout)).toEqual(lasting(fresh.stdout));
  expect(JSON.parse(readFileSync(join(cwd, "d/compare.json"), "utf8"))).toEqual(JSON.parse(fresh.stdout));
  for (const name of ["heat-map.svg", "heat-map.png", "loss-by-rate.svg"]) {
    expect(existsSync(join(cwd, "d", name))).toBe(true);
  }

  const other = await steepest([...ask, "--epochs", "2001", "--out", "d"], { cwd });
  expect([other.code, other.stdout]).toEqual([2, ""]);
  expect(other.stderr).toMatch(/error\[compare-differs\]: epochs was 2000 .* is 2001 now, in d\nhelp: /);
});

test("the table says what ranks, what diverged, and when everything did", async () => {
  const cwd = folder();
  const run = {
    data: { source: "lesson-least-squares" },
    model: { kind: "linear" },
    optimizer: "sgd",
    steps: 40,
  };
  writeFileSync(join(cwd, "r.json"), JSON.stringify(run));
  const args = [
    "compare",
    "r.json",
    "--jobs",
    "1",
    "--seeds",
    "2",
    "--fresh-seeds",
    "0",
    "--quiet",
    "--optimizers",
  ];
  const mixed = await steepestAgain([...args, "sgd,adam", "--rates", "0.1,1e30", "--target", "1e-9"], {
    cwd,
  });
  const none = await steepestAgain([...args, "sgd", "--rates", "1e20,1e30", "--plot", "map.svg"], { cwd });
  const within = ["compare", "r.json", "--optimizers", "sgd,adam", "--total", "40", "--jobs", "1", "--quiet"];
  const total = await steepestAgain(within, { cwd });
  const twice = await steepestAgain([...within, "--seeds", "2"], { cwd });
  expect(total.code).toBe(0);
  expect(total.stdout).toMatch(/further seeds chose among those of all optimizers, in \d+ runs/);
  const [, spent, grid] = / runs, \d+ of them now: ([\d.]+) together, .* costs (\d+)/.exec(total.stdout)!;
  expect(Number(spent)).toBeLessThanOrEqual(40);
  expect(Number(grid)).toBeGreaterThan(40);
  expect([twice.code, twice.stdout]).toEqual([2, ""]);
  expect(twice.stderr).toContain("leave --seeds out, or --total");
  expect([mixed.code, mixed.stderr]).toEqual([0, ""]);
  expect(mixed.stdout).toContain("Ranked by the final validation loss");
  expect(mixed.stdout).toMatch(/sgd +0\.1 .*1\.00e\+30/);
  expect(mixed.stdout).toMatch(/\d of 8 runs diverged/);
  expect(mixed.stdout).toContain("no optimizer reached 1.00e-9");
  expect(none.code).toBe(1);
  expect(none.stdout).toMatch(
    /every run diverged: rates from 1\.00e\+20 to 1\.00e\+30 were tried\. Try lower --rates/,
  );
  expect(readFileSync(join(cwd, "map.svg"), "utf8")).toContain("diverged");
});

test("without rates each optimizer's is searched, and the search is kept", async () => {
  const cwd = folder();
  const ask = ["compare", lesson, "--optimizers", "sgd,adam", "--epochs", "60", "--seeds", "2", "--out", "c"];
  const first = await steepest([...ask, "--budget", "3", "--json"], { cwd });
  expect(first.stderr).not.toContain("error");
  const { contestants, searchCost, cells } = JSON.parse(first.stdout);
  for (const { search, best, rates } of contestants) {
    // the budget, one more on a plateau, and the untrained loss
    expect(search.cost).toBeLessThan(4.4);
    // the best of whole trainings lies between two others
    const at = rates.findIndex((r: { lr: number }) => r.lr === best.lr);
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(rates.length - 1);
  }
  expect(searchCost).toBeGreaterThan(1);
  expect(cells.total).toBeGreaterThanOrEqual(12);
  expect(cellsIn(join(cwd, "c/searches.jsonl"))).toBe(2);
  const again = await steepest([...ask, "--budget", "3"], { cwd });
  expect(again.stdout).toContain(`${cells.total} runs, 0 of them now`);
  expect(again.stdout).toContain("searches as long as");
  expect(cellsIn(join(cwd, "c/searches.jsonl"))).toBe(2);
});

test("a schedule that sets its own rates leaves none to compare", async () => {
  const cwd = folder();
  const args = ["compare", lesson, "--optimizers", "sgd,adam", "--schedule", "range-test"];
  const { code, stderr } = await steepestAgain(args, { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain("the schedule range-test sets its own rates, so there is none to compare");
});

test("advise compares a short list within its budget, says which, and writes the run that is to be trained", async () => {
  const cwd = folder();
  const run = {
    data: { source: "lesson-least-squares" },
    model: { kind: "linear" },
    optimizer: { name: "sgd", lr: "auto" },
    steps: 60,
  };
  writeFileSync(join(cwd, "r.json"), JSON.stringify(run));
  const found = await steepestAgain(
    ["advise", "r.json", "--budget", "24", "--target", "0.1", "--jobs", "1", "--json", "--out", "a"],
    { cwd },
  );
  const small = await steepestAgain(["advise", "r.json", "--budget", "5"], { cwd });
  expect(found.code).toBe(0);
  const advice = JSON.parse(found.stdout);
  expect(advice).toMatchObject({ schema: "steepest.advise/1", compared: ["adam", "sgd"] });
  expect(advice.sentence).toMatch(/^take \w+ at a rate of /);
  expect(advice.cost).toBeLessThanOrEqual(24);
  const written = JSON.parse(readFileSync(join(cwd, advice.runFile), "utf8"));
  expect(written).toMatchObject({ steps: 60, optimizer: advice.optimizer });
  expect([small.code, small.stdout]).toEqual([2, ""]);
  expect(small.stderr).toContain("help: give --budget 16 or more");
});
