import { describe, expect, test } from "vitest";
import {
  adam,
  clips,
  findOptimizer,
  makeClip,
  makeOptimizer,
  optimizers,
  type ScheduleOptionSpec,
  schedules,
  showRange,
} from "../../src/optim/index.ts";
import { formatError, SteepestError } from "../../src/run/errors.ts";

const message = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(SteepestError);
    return formatError(error);
  }
  throw new Error("nothing was thrown");
};

describe("the table", () => {
  test("has a row for every optimizer of PyTorch 2, and their names", () => {
    const torch =
      "SGD ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax NAdam RAdam RMSprop Rprop SparseAdam LBFGS Muon";
    const known = optimizers.map((o) => o.elsewhere.pytorch?.replace(/[(,].*/, ""));
    expect(torch.split(" ").filter((n) => !known.includes(n))).toEqual([]);
  });
  test("has unique names, valid defaults, and words for everything", () => {
    expect(new Set(optimizers.map((o) => o.name)).size).toBe(optimizers.length);
    for (const o of optimizers) {
      const defaults = Object.fromEntries(o.options.map((x) => [x.name, x.default]));
      expect(o.make(defaults).lr).toBe(defaults["lr"]);
      expect(o.source.cite.length * o.formula.length * o.about.length, o.name).toBeGreaterThan(0);
      for (const x of o.options) expect(x.description.length, `${o.name}.${x.name}`).toBeGreaterThan(0);
    }
  });
});

test("the options of schedules have their own type beside the optimizers'", () => {
  const specs: readonly ScheduleOptionSpec[] = schedules.flatMap((s) => Object.values(s.options));
  expect(specs.filter((o) => o.required).length).toBeGreaterThan(0);
  expect(specs.filter((o) => o.filledFrom === "totalSteps").length).toBeGreaterThan(0);
});

describe("error messages", () => {
  test.for([
    [
      () => makeOptimizer("adamww"),
      'error[optimizer]: there is no optimizer named "adamww"\nhelp: did you mean "adamw"?',
    ],
    [
      () => makeOptimizer("adam", { betas: [0.9, 1] }),
      "error[option]: adam: betas is [0.9,1]\nhelp: give betas 2 numbers in [0, 1)",
    ],
    [() => adam({ eps: -1e-8 }), "error[option]: adam: eps is -1e-8\nhelp: give eps a number ≥ 0"],
    [() => adam({ lr: 0 }), "error[option]: adam: lr is 0\nhelp: give lr a number > 0"],
    [() => adam({ lr: Number.NaN }), "error[option]: adam: lr is NaN\nhelp: give lr a number > 0"],
    [
      () => makeOptimizer("adamw", { weightDecy: 0.1 }),
      'error[option]: adamw has no option "weightDecy"\nhelp: did you mean "weightDecay"?',
    ],
    [
      () => makeOptimizer("adam", { amsgrad: "yes" }),
      'error[option]: adam: amsgrad is "yes"\nhelp: give amsgrad true or false',
    ],
    [
      () => makeOptimizer("muon", { adjustLrFn: "rms" }),
      'error[option]: muon: adjustLrFn is "rms"\nhelp: give adjustLrFn one of original, match_rms_adamw',
    ],
    [
      () => makeOptimizer("muon", { nsSteps: 2.5 }),
      "error[option]: muon: nsSteps is 2.5\nhelp: give nsSteps a whole number in [1, 99]",
    ],
    [
      () => makeOptimizer("sgd", { nesterov: true }),
      "error[option]: sgd: nesterov with momentum 0 and dampening 0\nhelp: nesterov needs momentum > 0 and dampening 0",
    ],
    [
      () => makeOptimizer("rprop", { etas: [1.2, 0.5] }),
      "error[option]: rprop: etas is [1.2, 0.5]\nhelp: give etas a number below 1 and one above 1",
    ],
    [
      () => makeOptimizer("schedule-free-sgd", { beta: 0 }),
      "error[option]: schedule-free-sgd: beta is 0\nhelp: give beta a number in (0, 1)",
    ],
    [
      () => makeClip({ globalNorm: -1 }),
      "error[option]: clip globalNorm: globalNorm is -1\nhelp: give globalNorm a number > 0",
    ],
    [
      () => makeClip({ globalnorm: 1 }),
      'error[clip]: clip names no way to clip: {"globalnorm":1}\nhelp: did you mean "globalNorm"?',
    ],
    [
      () => makeClip({ globalNorm: 1, value: 2 }),
      "error[clip]: clip names globalNorm and value\nhelp: give one of globalNorm, value, tensorNorm, blockRms, adaptive, percentile, normalize, zeroNonFinite",
    ],
  ] as const)("%#", ([f, expected]) => {
    expect(message(f)).toBe(expected);
  });
});

describe("clips", () => {
  test("are made by their name, with their defaults", () => {
    for (const c of clips) {
      const main = c.options.find((o) => o.name === c.name)!;
      expect(makeClip({ [c.name]: main.default }).measure).toBeTypeOf("function");
    }
    expect(makeClip({ globalNorm: 1, p: null, errorIfNonfinite: true }).errorIfNonfinite).toBe(true);
  });
});

test("ranges in words", () => {
  expect(showRange(findOptimizer("adam").options.find((o) => o.name === "betas") as never)).toBe("in [0, 1)");
});
