/** range_test and branches leave everything as it was (ranges.py); their figures stand beside whole trainings. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProgramFindLr } from "../../src/cli/search/report.ts";
import { readLog } from "../../src/logs/index.ts";
import { seriesOf } from "../../src/run/log.ts";
import { type Finished, steepest } from "../cli/steepest.ts";
import { runChecks, temporary, torch } from "./python.ts";

interface Checks {
  readonly restored: Readonly<Record<string, boolean>>;
  readonly tasks: Readonly<
    Record<string, { readonly grid: readonly (readonly [number, number])[]; readonly start: number }>
  >;
  readonly groups: {
    readonly ratios: readonly number[];
    readonly body: readonly number[];
    readonly heads: number;
    readonly after: readonly number[];
  };
  readonly odd: Readonly<
    Record<"iterator" | "empty" | "steps" | "group" | "bounds" | "short" | "late" | "plateau", string | null>
  >;
  readonly branched: {
    readonly alike: Readonly<Record<string, boolean>>;
    readonly ends: Readonly<Record<string, readonly [branch: number, whole: number, start: number]>>;
  };
}

const [folder, remove] = temporary();
afterAll(remove);

const judge = (file: string, ...more: string[]): Promise<Finished> =>
  steepest(["find-lr", "--curve", join(folder, file), ...more], { cwd: folder });

async function judged(file: string): Promise<ProgramFindLr & { readonly code: number | null }> {
  const { code, stdout, stderr } = await judge(file, "--json");
  expect(stderr).toBe("");
  return { ...(JSON.parse(stdout) as ProgramFindLr), code };
}

describe.skipIf(torch === null)("in a PyTorch training", () => {
  let found: Checks;
  beforeAll(() => {
    found = runChecks<Checks>("ranges.py", folder);
  });

  test("weights, optimizer, gradients, random numbers and the loader's order come back bit for bit", () => {
    expect(Object.keys(found.restored)).toHaveLength(24);
    for (const [name, fine] of Object.entries(found.restored)) expect(fine, name).toBe(true);
  });

  test("the rate is within a factor of two of a full grid's best in eight of eight, and loses little", async () => {
    expect(Object.keys(found.tasks)).toHaveLength(8);
    for (const [file, { grid, start }] of Object.entries(found.tasks)) {
      const { suggestion, interval, steps, length } = await judged(file);
      const finite = grid.filter(([, loss]) => Number.isFinite(loss));
      const [best, lowest] = finite.reduce((a, b) => (b[1] < a[1] ? b : a));
      expect(Math.abs(Math.log2(suggestion! / best)), file).toBeLessThan(1.01);
      const [, at] = finite.reduce((a, b) =>
        Math.abs(Math.log(b[0] / suggestion!)) < Math.abs(Math.log(a[0] / suggestion!)) ? b : a,
      );
      expect((at - lowest) / (start - lowest), file).toBeLessThan(0.05);
      expect(interval![0] <= best && best <= interval![1], file).toBe(true);
      expect(steps / length, file).toBeLessThanOrEqual(10);
    }
  });

  test("groups keep their ratios, or all but one their rates", async () => {
    const { ratios, body, heads, after } = found.groups;
    expect(ratios).toEqual([10]);
    expect(body).toEqual([1e-3]);
    expect(heads).toBeGreaterThan(4);
    expect(after).toEqual([1e-3, 1e-2]);
    const both = await judged("groups.jsonl");
    expect(both.notes.join()).toContain(
      `the others kept their ratio to it: head ${Number((both.suggestion! * 10).toPrecision(4))}`,
    );
    expect((await judged("head.jsonl")).notes).toContain("the rate of group head; the others kept theirs");
  });

  test("branches leave a training bit for bit, and end where whole trainings at their rates do", async () => {
    expect(Object.keys(found.branched.alike)).toHaveLength(4);
    for (const [name, fine] of Object.entries(found.branched.alike)) expect(fine, name).toBe(true);
    expect(Object.keys(found.branched.ends)).toHaveLength(6);
    for (const [name, [branch, whole, start]] of Object.entries(found.branched.ends))
      expect(Math.abs(branch - whole), name).toBeLessThan(0.03 * start);
    const name = join(folder, "branches-sgd.jsonl");
    const [log] = await readLog(readFileSync(name), { source: name });
    expect(seriesOf(log!, "loss")!.values).toHaveLength(96);
    const judged = await steepest(["diagnose", name], { cwd: folder });
    const analyzed = await steepest(["analyze", "--probe", name], { cwd: folder });
    for (const { code, stdout, stderr } of [judged, analyzed]) {
      expect(code, stderr).toBe(0);
      expect(stdout).toContain("Measured in branches: at the rate over 3.2 this run would end");
    }
    expect(analyzed.stdout).toContain("none: the first weights");
  });

  test("refusals have their reason", async () => {
    expect(await judged("same.jsonl")).toMatchObject({ code: 1, refusal: "rate-without-effect" });
    const nan = await judge("nan.jsonl");
    expect(nan.code).toBe(2);
    expect(nan.stderr).toContain("the loss is no number before the first step");
    expect((await judged("high.jsonl")).notes).toContain(
      "no higher rate was tried: give range_test a higher highest=",
    );
    expect(found.odd.iterator).toContain("give the loader itself");
    expect(found.odd.empty).toContain("the loader is empty");
    expect(found.odd.steps).toContain("steps is 3");
    expect(found.odd.group).toContain("no parameter group 'tail'");
    expect(found.odd.bounds).toContain("not between");
    expect(found.odd.short).toContain("8 of 40 steps are too many for a branch");
    expect(found.odd.late).toContain("call `branches` before the first");
    expect(found.odd.plateau).toContain("ReduceLROnPlateau can't be run ahead");
  });

  test("in words, with a sketch and a plot; a file cut in its last line is judged", async () => {
    const text = readFileSync(join(folder, "adam-classes.jsonl"), "utf8");
    writeFileSync(join(folder, "cut.jsonl"), text.slice(0, -5));
    const { code, stdout, stderr } = await judge("cut.jsonl", "--plot", join(folder, "lr.svg"));
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^learning rate 0\.\d+ \(best expected from/);
    expect(stdout).toContain("suggested");
    expect(readFileSync(join(folder, "lr.svg"), "utf8")).toContain("<svg");
    const lines = text.split("\n");
    writeFileSync(join(folder, "hole.jsonl"), lines.filter((_, i) => i !== lines.length - 4).join("\n"));
    const hole = await judge("hole.jsonl");
    expect([hole.code, hole.stderr]).toEqual([2, expect.stringMatching(/line \d+ is no point/)]);
  });
});

test("what is no range test is refused", async () => {
  writeFileSync(join(folder, "log.jsonl"), '{"step":1,"loss":2}\n');
  const log = await judge("log.jsonl");
  expect([log.code, log.stderr]).toEqual([2, expect.stringContaining("error[not-a-curve]")]);
  const missing = await judge("absent.jsonl");
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("error[not-readable]")]);
  const both = await steepest(["find-lr", "run.json", "--curve", "x.jsonl"], { cwd: folder });
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("something to train is given too")]);
});
