/** Every case of test/golden/schedules.json (made by make_golden.py beside it) through makeSchedule. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isMetricSchedule, makeSchedule, type Options, type Schedule } from "./index.ts";

interface Case {
  readonly id: string;
  readonly base_lr?: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** [step], or [step][parameter group] */
  readonly lrs: readonly number[] | readonly (readonly number[])[];
  readonly momenta?: readonly number[];
  readonly metrics?: readonly number[];
  readonly step_arguments?: readonly number[];
}

const golden: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../../test/golden/schedules.json", import.meta.url), "utf8"),
);

/** name, lr and options of the schedule that a case describes. */
type Call = readonly [name: string, lr: number, options: Options];

const without = (options: Options, ...keys: readonly string[]): Options =>
  Object.fromEntries(Object.entries(options).filter(([key]) => !keys.includes(key)));

/** Cases whose options are words or code in Python, or that have no class of their own elsewhere. */
const written: Readonly<Record<string, Call>> = {
  "torch/LambdaLR": ["LambdaLR", 0.1, { lr_lambda: (e: number) => 0.95 ** e }],
  "torch/MultiplicativeLR": ["MultiplicativeLR", 0.1, { lr_lambda: () => 0.95 }],
  "torch/CyclicLR/iterations-mode": [
    "CyclicLR",
    0.1,
    {
      base_lr: 0.001,
      max_lr: 0.1,
      step_size_up: 15,
      scale_fn: (x: number) => 0.98 ** x,
      scale_mode: "iterations",
      cycle_momentum: false,
    },
  ],
  "torch/SequentialLR/constant-exp": [
    "SequentialLR",
    0.1,
    {
      schedulers: [
        { name: "ConstantLR", factor: 0.1, total_iters: 20 },
        { name: "ExponentialLR", gamma: 0.9 },
      ],
      milestones: [20],
    },
  ],
  "torch/SequentialLR/warmup-cosine": [
    "SequentialLR",
    0.1,
    {
      schedulers: [
        { name: "LinearLR", start_factor: 0.01, end_factor: 1, total_iters: 10 },
        { name: "CosineAnnealingLR", T_max: 90, eta_min: 1e-4 },
      ],
      milestones: [10],
    },
  ],
  "torch/SequentialLR/three": [
    "SequentialLR",
    0.1,
    {
      schedulers: [
        { name: "LinearLR", start_factor: 0.1, end_factor: 1, total_iters: 8 },
        { name: "StepLR", step_size: 10, gamma: 0.5 },
        { name: "CosineAnnealingWarmRestarts", T_0: 12 },
      ],
      milestones: [8, 40],
    },
  ],
  "torch/ChainedScheduler/constant*exp": [
    "ChainedScheduler",
    1,
    {
      schedulers: [
        { name: "ConstantLR", factor: 0.1, total_iters: 20 },
        { name: "ExponentialLR", gamma: 0.9 },
      ],
    },
  ],
  "torch/ChainedScheduler/linear*cosine*multistep": [
    "ChainedScheduler",
    0.1,
    {
      schedulers: [
        { name: "LinearLR", start_factor: 0.1, end_factor: 1, total_iters: 10 },
        { name: "CosineAnnealingLR", T_max: 60 },
        { name: "MultiStepLR", milestones: [30], gamma: 0.5 },
      ],
    },
  ],
  "torch/chained by hand": [
    "chain",
    0.1,
    {
      schedules: [
        { name: "ExponentialLR", gamma: 0.9 },
        { name: "MultiStepLR", milestones: [10, 40], gamma: 0.1 },
      ],
    },
  ],
  "optax/piecewise_constant_schedule": [
    "piecewise_constant_schedule",
    1,
    { boundaries: [30, 60], scales: [0.1, 0.5] },
  ],
  "optax/piecewise_interpolate_schedule/linear": [
    "piecewise_interpolate_schedule",
    1,
    { interpolate_type: "linear", boundaries: [40, 80], scales: [0.1, 0.01] },
  ],
  "optax/piecewise_interpolate_schedule/cosine": [
    "piecewise_interpolate_schedule",
    1,
    { interpolate_type: "cosine", boundaries: [40, 80], scales: [0.1, 0.01] },
  ],
  "optax/join_schedules": [
    "join_schedules",
    1,
    {
      schedules: [
        { name: "linear_schedule", init_value: 0, end_value: 1, transition_steps: 10 },
        { name: "cosine_decay_schedule", init_value: 1, decay_steps: 50 },
        { name: "constant_schedule", value: 0.1 },
      ],
      boundaries: [10, 60],
    },
  ],
  "finder/seed": ["range-test", 1, { startLr: 1e-7, endLr: 10, steps: 300 }],
  "standard/noam": ["noam", 1, { dModel: 512, warmupSteps: 40 }],
  "standard/inverse-sqrt-k": ["inverse-sqrt", 0.1, { timescale: 1 }],
  "standard/robbins-monro": ["inverse-time", 0.1, { decaySteps: 10 }],
};

const huggingFaceNames = [
  "constant",
  "constant_with_warmup",
  "linear",
  "cosine",
  "cosine_with_restarts",
  "polynomial",
  "inverse_sqrt",
  "reduce_lr_on_plateau",
  "cosine_with_min_lr",
  "cosine_warmup_with_min_lr",
  "warmup_stable_decay",
];

const finders: Readonly<Record<string, string>> = {
  fastai: "lr_find",
  "torch-lr-finder": "range_test",
  lightning: "lr_find (Lightning)",
};

/** The rest is called with the other library's own name and options, as the case records them. */
function callOf({ id, base_lr: lr = 0.1, options }: Case): Call {
  const [library, name = ""] = id.split("/");
  if (written[id]) return written[id];
  switch (library) {
    case "torch":
      return [name, lr, without(options, "note", "optimizer")];
    case "hf":
      return [huggingFaceNames.find((hf) => name.split("-")[0] === hf) ?? name, lr, without(options, "note")];
    case "fastai":
      return [name, lr, { ...options, totalSteps: 100 }];
    case "finder":
      return [finders[name] ?? name, lr, options];
    default:
      return [name, lr, options];
  }
}

function scheduleOf(call: Call): Schedule {
  const made = makeSchedule(...call);
  if (isMetricSchedule(made)) throw new Error(`${call[0]} follows a metric`);
  return made;
}

function compare(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, k) => {
    const error = Math.abs(actual[k]! - value);
    expect(error, `step ${k}: ${actual[k]} for ${value}`).toBeLessThanOrEqual(1e-12 * Math.abs(value));
  });
}

describe("golden schedules, relative error at most 1e-12 at every step", () => {
  for (const c of golden.cases) {
    const flat = c.lrs.filter((lr) => typeof lr === "number");
    if (c.metrics) {
      const { metrics } = c;
      it(c.id, () => {
        const made = makeSchedule(...callOf(c));
        if (!isMetricSchedule(made)) throw new Error(`${c.id} does not follow a metric`);
        const lrs = metrics.map((metric) => {
          const now = made.value();
          made.observe(metric);
          return now;
        });
        compare(lrs, flat);
      });
    } else if (c.id === "torch/LambdaLR/two groups") {
      it(c.id, () => {
        const groups: readonly Call[] = [
          ["LambdaLR", 0.1, { lr_lambda: (e: number) => Math.floor(e / 30) }],
          ["LambdaLR", 0.01, { lr_lambda: (e: number) => 0.95 ** e }],
        ];
        groups.forEach((call, g) => {
          const expected = c.lrs.map((row) => (typeof row === "number" ? row : row[g]!));
          compare(
            expected.map((_, k) => scheduleOf(call)(k)),
            expected,
          );
        });
      });
    } else {
      it(c.id, () => {
        const schedule = scheduleOf(callOf(c));
        // step(e) after step k sets the rate of step k + 1.
        const at = (k: number): number => (c.step_arguments ? (k === 0 ? 0 : c.step_arguments[k - 1]!) : k);
        compare(
          flat.map((_, k) => schedule(at(k))),
          flat,
        );
        if (!c.momenta) return;
        const { momentumAt } = schedule;
        expect(momentumAt).toBeDefined();
        compare(
          c.momenta.map((_, k) => momentumAt?.(k) ?? NaN),
          c.momenta,
        );
      });
    }
  }
});
