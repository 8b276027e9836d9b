import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { finite, savedNumber } from "./metric-state.ts";
import { boolean, choice, integer, number } from "./options.ts";
import type { MetricSchedule, MetricState } from "./types.ts";

export const greedy: ScheduleRow = defineSchedule({
  name: "greedy",
  about: "Rises while a metric improves and falls while it does not, by a factor each time.",
  formula:
    "lr ← min(lr/factor, maxLr) after patience + 1 improvements in a row; lr ← max(lr·factor, minLr) after patience + 1 observations without",
  source: { cite: "Subramanian et al. (2025), arXiv 2512.14527; GreedyLR of transformers" },
  elsewhere: [
    {
      name: "greedy_lr",
      library: "hugging-face",
      options: {
        threshold_mode: "thresholdMode",
        min_lr: "minLr",
        max_lr: "maxLr",
        window_size: "windowSize",
        reset_start: "resetAfter",
      },
    },
  ],
  options: {
    mode: choice("Which way the metric improves.", ["min", "max"], { default: "min" }),
    factor: number("The factor of a fall; a rise divides by it.", { default: 0.95, above: 0, below: 1 }),
    patience: integer("Observations of one kind that are waited for.", { default: 10, min: 0 }),
    threshold: number("How much better than the best counts as improvement.", { default: 1e-6, min: 0 }),
    thresholdMode: choice("threshold as a difference, or as a share of the best.", ["abs", "rel"], {
      default: "abs",
    }),
    cooldown: integer("Observations after a fall that don't count.", { default: 0, min: 0 }),
    warmup: integer("Observations after a rise that don't count.", { default: 0, min: 0 }),
    minLr: number("The lowest rate.", { default: 1e-3, min: 0 }),
    maxLr: number("The highest rate.", { default: 1, above: 0 }),
    eps: number("A change by less than this is not made.", { default: 1e-8, min: 0 }),
    smooth: boolean("Look at the mean of the last windowSize observations.", { default: false }),
    windowSize: integer("Observations in that mean.", { default: 50, min: 1 }),
    resetAfter: integer("Falls at the lowest rate after which all begins again.", { default: 500, min: 0 }),
  },
  example: { factor: 0.5, patience: 2 },
  make: (baseLr, o): MetricSchedule => {
    const worst = o.mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const fresh = { lr: baseLr, best: worst, good: 0, bad: 0, cool: 0, warm: 0, left: o.resetAfter };
    let s = { ...fresh };
    let seen: readonly number[] = [];
    const isBetter = (v: number): boolean => {
      const sign = o.mode === "min" ? -1 : 1;
      const { best } = s;
      const bar = o.thresholdMode === "rel" ? best * (1 + sign * o.threshold) : best + sign * o.threshold;
      return o.mode === "min" ? v < bar : v > bar;
    };
    const rise = (): void => {
      const next = Math.min(s.lr / o.factor, o.maxLr);
      if (next - s.lr > o.eps) s.lr = next;
      Object.assign(s, { left: o.resetAfter, warm: o.warmup, good: 0 });
    };
    const fall = (): void => {
      const next = Math.max(s.lr * o.factor, o.minLr);
      if (s.lr - next > o.eps) s.lr = next;
      Object.assign(s, { cool: o.cooldown, bad: 0 });
      if (s.lr > o.minLr) return;
      s.left--;
      if (s.left > 0) return;
      s = { ...fresh };
      seen = [];
    };
    return {
      value: () => s.lr,
      observe: (metric) => {
        let v = metric;
        if (o.smooth) {
          seen = [...seen, metric].slice(-o.windowSize);
          v = seen.reduce((a, b) => a + b, 0) / seen.length;
        }
        for (const pause of ["cool", "warm"] as const) {
          if (s[pause] === 0) continue;
          s[pause]--;
          Object.assign(s, { good: 0, bad: 0 });
          return;
        }
        if (isBetter(v)) Object.assign(s, { best: v, good: s.good + 1, bad: 0 });
        else Object.assign(s, { bad: s.bad + 1, good: 0 });
        if (s.good > o.patience) rise();
        else if (s.bad > o.patience) fall();
      },
      state: () => ({
        ...s,
        best: s.best === worst ? null : finite(s.best),
        ...Object.fromEntries(seen.map((v, i) => [`seen${i}`, Number.isNaN(v) ? null : finite(v)])),
      }),
      restore: (state: MetricState) => {
        const of = (key: string): number => savedNumber("greedy", state, key);
        s = {
          lr: of("lr"),
          best: state["best"] === null ? worst : of("best"),
          good: of("good"),
          bad: of("bad"),
          cool: of("cool"),
          warm: of("warm"),
          left: of("left"),
        };
        const count = Object.keys(state).filter((key) => key.startsWith("seen")).length;
        seen = Array.from({ length: count }, (_, i) => state[`seen${i}`] ?? Number.NaN);
      },
    };
  },
});
