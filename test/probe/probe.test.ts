/** The probe's numbers beside the same numbers made another way (checks.py), and its file in our readers and tables. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLog } from "../../src/logs/index.ts";
import { findOptimizer } from "../../src/optim/index.ts";
import { seriesOf } from "../../src/run/log.ts";
import type { ProbeAnalysis } from "../../src/tune/probe/analysis.ts";
import { steepest } from "../cli/steepest.ts";
import { probeFolder, runChecks, temporary, torch } from "./python.ts";

interface Sharpness {
  readonly error: number;
  readonly limit: number;
  readonly sharpness: number;
  readonly stability: number;
  readonly lr: number;
  readonly within: boolean;
}

interface Checks {
  readonly untouched: boolean;
  readonly loop: {
    readonly steps: boolean;
    readonly worst: Readonly<Record<string, number>>;
    readonly seen: Readonly<Record<string, number>>;
    readonly clipped: readonly number[];
    readonly unknown: readonly string[];
  };
  readonly sharpness: Readonly<Record<string, Sharpness>>;
  readonly differences: { readonly error: number; readonly same: boolean };
  readonly noise: Readonly<Record<"true" | "parts 2" | "parts 4", number>>;
  readonly dead: readonly number[];
  readonly output: readonly object[];
  readonly gradient: readonly object[];
  readonly scaled: {
    readonly error: number;
    readonly norms: number;
    readonly clipped: readonly number[];
    readonly skipped: readonly number[];
    readonly scales: readonly number[];
  };
  readonly pace: Readonly<Record<string, { readonly share: number; readonly runs: number }>>;
  readonly trainers: { readonly hf: boolean; readonly lightning: boolean; readonly measured: number };
  readonly refusals: Readonly<Record<string, string | null>>;
}

const [folder, remove] = temporary();
afterAll(remove);

describe.skipIf(torch === null)("in a PyTorch training", () => {
  let found: Checks;
  beforeAll(() => {
    found = runChecks<Checks>("checks.py", folder);
  });

  test("weights, buffers, optimizer, gradients and random numbers are left bit for bit", () => {
    expect(found.untouched).toBe(true);
  });

  test("each step's numbers are those of the loop: groups, clip, micro-batches, a schedule", () => {
    const { steps, worst, seen, clipped, unknown } = found.loop;
    expect(steps).toBe(true);
    expect(unknown).toEqual([]);
    expect(clipped).toEqual([0, 1]);
    expect([seen["loss"], seen["lr/head"], seen["grad_norm"]]).toEqual([40, 40, 40]);
    expect(seen["update_ratio/body"]).toBeGreaterThan(0);
    expect(Object.keys(worst)).toContain("effective_lr/head");
    for (const [name, error] of Object.entries(worst)) expect(error, name).toBeLessThan(1e-5);
  });

  test("the largest curvature is within 2 % of the dense Hessian's, and within its own error", () => {
    expect(Object.keys(found.sharpness)).toHaveLength(16);
    for (const [name, { error, within }] of Object.entries(found.sharpness)) {
      expect(error, name).toBeLessThan(0.02);
      expect(within, name).toBe(true);
    }
  });

  test("limits are those of steepest's own optimizers", () => {
    const names: Readonly<Record<string, [string, object]>> = {
      SGD: ["sgd", { momentum: 0.9 }],
      Adam: ["adam", {}],
      AdamW: ["adamw", {}],
      NAdam: ["nadam", {}],
      RAdam: ["radam", {}],
      RMSprop: ["rmsprop", {}],
      Adagrad: ["adagrad", {}],
    };
    for (const [name, [ours, given]] of Object.entries(names)) {
      const entry = findOptimizer(ours);
      const options = { ...Object.fromEntries(entry.options.map((o) => [o.name, o.default])), ...given };
      const { limit, sharpness, stability, lr } = found.sharpness[`${name} 1`]!;
      expect(limit / entry.stabilityLimit!.limit(options, sharpness), name).toBeCloseTo(1, 6);
      expect(stability / (lr / limit), name).toBeCloseTo(1, 6);
    }
  });

  test("an operation without a second derivative is measured by differences of gradients", () => {
    expect(found.differences.error).toBeLessThan(0.01);
    expect(found.differences.same).toBe(true);
  });

  test("the noise scale is within 20 % of that from every row's gradient", () => {
    for (const parts of ["parts 2", "parts 4"] as const)
      expect(Math.abs(found.noise[parts] / found.noise.true - 1), parts).toBeLessThan(0.2);
  });

  test("analyze pools a file's measurements: the interval holds the true noise scale, batches follow from it", async () => {
    const args = ["analyze", "--probe", join(folder, "noise.jsonl")];
    const json = await steepest([...args, "--json"], { cwd: folder });
    expect(json.code, json.stderr).toBe(0);
    const { noise, run, batches, criticalBatchSize } = JSON.parse(json.stdout) as ProbeAnalysis;
    expect(run).toMatchObject({ optimizer: "SGD", known: "sgd", batch: 64, measurements: 300, lr: 0.1 });
    expect(Math.abs(noise!.rows! / found.noise.true - 1)).toBeLessThan(0.2);
    expect(noise!.interval[0]).toBeLessThan(found.noise.true);
    expect(noise!.interval[1]).toBeGreaterThan(found.noise.true);
    expect(criticalBatchSize).toBe(noise!.rows);
    const quadruple = batches.find((b) => b.factor === 4)!;
    const grown = (1 + noise!.rows! / 64) / (1 + noise!.rows! / 256);
    expect(quadruple.lr).toBeCloseTo(0.1 * grown, 9);
    expect(quadruple.steps).toBeCloseTo(1 / grown, 9);
    const words = await steepest([...args, "--plot", join(folder, "stability.svg")], { cwd: folder });
    expect(words.code, words.stderr).toBe(0);
    for (const part of ["stability limit", "gradient noise scale", "critical batch size", "another batch"])
      expect(words.stdout).toContain(part);
    expect(readFileSync(join(folder, "stability.svg"), "utf8")).toContain("rate over its limit");
  });

  test("dead units are counted, and where a number stops being finite is named", () => {
    expect(found.dead).toEqual([Number((3 / 22).toFixed(6))]);
    expect(found.output).toEqual([{ step: 10, what: "output", nonfinite: "1" }]);
    // of the two parameters before the layer, the bias is the first on the way back
    expect(found.gradient).toEqual([{ step: 10, what: "gradient", nonfinite: "0.bias" }]);
  });

  test("with a loss scale: norms without it, steps that were left out", () => {
    const { error, norms, clipped, skipped, scales } = found.scaled;
    expect(norms).toBe(12);
    expect(error).toBeLessThan(1e-5);
    expect(clipped).toEqual([1]);
    expect(skipped).toEqual([6]);
    expect(scales).toEqual([512, 1024]);
  });

  test("what it takes stays within its share of the time, and uses it", () => {
    for (const { share } of Object.values(found.pace)) expect(share).toBeLessThan(0.0103);
    expect(found.pace["1e-05"]!.runs).toBe(100_000);
    expect(found.pace["0.1"]!.share).toBeGreaterThan(0.009);
  });

  test("callbacks as Hugging Face and Lightning call them", () => {
    expect(found.trainers.hf).toBe(true);
    expect(found.trainers.lightning).toBe(true);
    expect(found.trainers.measured).toBeGreaterThan(0);
  });

  test("wrong use is refused in words", () => {
    expect(found.refusals["accumulate"]).toContain("accumulate is 0");
    expect(found.refusals["overhead"]).toContain("overhead is 2");
    expect(found.refusals["optimizer"]).toContain("str is no optimizer of PyTorch");
  });

  test("its file is read as a log: loss, rate and norm in their roles", async () => {
    const name = join(folder, "loop.jsonl");
    const [log] = await readLog(readFileSync(name), { source: name });
    expect(seriesOf(log!, "loss")!.values).toHaveLength(40);
    expect(seriesOf(log!, "lr")!.name).toBe("lr");
    expect(seriesOf(log!, "gradNorm")!.name).toBe("grad_norm");
    expect(seriesOf(log!, "clippedShare")!.name).toBe("clipped_share");
    expect(log!.series.map((s) => s.name)).toContain("update_ratio/head");
    expect(log!.meta["optimizer"]).toBe("Adam");
    const [measured] = await readLog(readFileSync(join(folder, "noise.jsonl")), { source: "noise.jsonl" });
    const names = measured!.series.map((s) => s.name);
    // by these the doctor knows a probe's measurements
    for (const name of ["stability", "sharpness", "limit"]) expect(names).toContain(name);
  });
});

test("the file is complete as it stands: nothing is imported but the standard library and torch", () => {
  const text = readFileSync(join(probeFolder, "steepest_probe.py"), "utf8");
  const modules = [...text.matchAll(/^(?:import|from)\s+(\w+)/gm)].map((m) => m[1]!);
  const standard = "__future__ atexit contextlib copy itertools json math os random sys time types warnings";
  expect(modules).toContain("torch");
  expect(modules.filter((name) => name !== "torch" && !standard.split(" ").includes(name))).toEqual([]);
});
