/** Every case of test/golden/schedules-2026.json (README-2026.md beside it says which code made it). */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { batchSizesOf } from "../../data/index.ts";
import { isMetricSchedule, makeSchedule, type Options } from "./index.ts";

interface Case {
  readonly id: string;
  readonly base_lr: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly lrs: readonly number[];
  readonly metrics?: readonly number[];
  readonly batch_sizes?: readonly number[];
}

const { cases }: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../../test/golden/schedules-2026.json", import.meta.url), "utf8"),
);

/** What a case calls a schedule → the other library's name for it here. */
const names: Readonly<Record<string, string>> = {
  rex: "REXScheduler",
  wsd: "wsd",
  "olmo/wsd": "WSD",
  "olmo/wsd-s": "WSDS",
  "olmo/power-lr": "PowerLR",
  "olmo/cosine+linear-decay": "CosWithWarmupAndLinearDecay",
  "olmo/half-cosine": "HalfCosWithWarmup",
  power: "PowerScheduler",
  "power-cool": "PowerCool",
  "timm/tanh_lr": "tanh_lr",
  "timm/poly_lr": "poly_lr",
  "timm/cosine_lr": "cosine_lr",
  "chebyshev/pytorch_optimizer": "get_chebyshev_schedule",
  "chebyshev/fractal": "chebyshev",
  greedy: "greedy_lr",
};

const nameOf = (id: string): string => {
  const found = Object.keys(names).find((key) => id === key || id.startsWith(`${key}/`));
  if (found === undefined) throw new Error(`no schedule for ${id}`);
  return names[found]!;
};

/** Entries that describe the record, not the schedule. */
const RECORD = ["first_count", "steps", "is_warmup"];

function optionsOf({ id, options }: Case): Options {
  const own = Object.fromEntries(Object.entries(options).filter(([key]) => !RECORD.includes(key)));
  if (!id.startsWith("chebyshev/fractal")) return own;
  return { length: own["T"], smallest: own["m"], largest: own["M"] };
}

function compare(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, k) => {
    const error = Math.abs(actual[k]! - value);
    expect(error, `step ${k}: ${actual[k]} for ${value}`).toBeLessThanOrEqual(1e-12 * Math.abs(value));
  });
}

it("has 55 cases", () => expect(cases).toHaveLength(55));

it.for(cases)("$id", (c) => {
  if (c.batch_sizes) {
    const { batch_sizes: sizes, schedule: starts, unit } = c.options as Readonly<Record<string, never>>;
    const own = { sizes: sizes!, starts: starts!, unit: unit! === "tokens" ? "examples" : "steps" } as const;
    const steps = batchSizesOf(own, c.lrs.length);
    expect(steps.map((s) => s.batchSize)).toEqual(c.batch_sizes);
    compare(
      steps.map((s) => c.base_lr * s.lrFactor),
      c.lrs,
    );
    return;
  }
  const made = makeSchedule(nameOf(c.id), c.base_lr, optionsOf(c));
  if (isMetricSchedule(made)) {
    const rates = c.metrics!.map((metric, k) => {
      // through a saved state half way
      if (k === Math.floor(c.metrics!.length / 2)) made.restore(JSON.parse(JSON.stringify(made.state())));
      const now = made.value();
      made.observe(metric);
      return now;
    });
    compare(rates, c.lrs);
    return;
  }
  const first = (c.options["first_count"] as number | undefined) ?? 0;
  const counts = (c.options["steps"] as readonly number[] | undefined) ?? c.lrs.map((_, k) => k + first);
  compare(
    counts.map((k) => made(k)),
    c.lrs,
  );
});
