import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { finite, savedNumber } from "./metric-state.ts";
import { choice, integer, number } from "./options.ts";
import type { MetricSchedule } from "./types.ts";

export const reduceOnPlateau: ScheduleRow = defineSchedule({
  name: "reduce-on-plateau",
  about: "Falls by a factor when a metric has not improved for more than patience observations.",
  formula: "lr ← max(lr·factor, minLr) after patience + 1 observations without improvement; NaN is none",
  source: { cite: "torch.optim.lr_scheduler.ReduceLROnPlateau" },
  elsewhere: [
    {
      name: "ReduceLROnPlateau",
      library: "pytorch",
      options: { threshold_mode: "thresholdMode", min_lr: "minLr" },
    },
    {
      name: "reduce_lr_on_plateau",
      library: "hugging-face",
      options: { threshold_mode: "thresholdMode", min_lr: "minLr" },
    },
  ],
  options: {
    mode: choice("Which way the metric improves.", ["min", "max"], { default: "min" }),
    factor: number("The factor.", { default: 0.1, min: 0, max: 1 }),
    patience: integer("Observations without improvement that are tolerated.", { default: 10, min: 0 }),
    threshold: number("How much better than the best counts as improvement.", { default: 1e-4, min: 0 }),
    thresholdMode: choice("threshold as a share of the best, or as a difference.", ["rel", "abs"], {
      default: "rel",
    }),
    cooldown: integer("Observations after a fall that don't count as bad.", { default: 0, min: 0 }),
    minLr: number("The lowest rate.", { default: 0, min: 0 }),
    eps: number("A fall by less than this is not made.", { default: 1e-8, min: 0 }),
  },
  example: { factor: 0.5, patience: 2 },
  make: (baseLr, o): MetricSchedule => {
    let lr = baseLr;
    const sign = o.mode === "min" ? -1 : 1;
    let best = -sign * Infinity;
    let bad = 0;
    let cooling = 0;
    const isBetter = (metric: number): boolean => {
      const bar = o.thresholdMode === "rel" ? best * (1 + sign * o.threshold) : best + sign * o.threshold;
      return o.mode === "min" ? metric < bar : metric > bar;
    };
    return {
      value: () => lr,
      observe: (metric) => {
        if (isBetter(metric)) {
          best = metric;
          bad = 0;
        } else bad++;
        if (cooling > 0) {
          cooling--;
          bad = 0;
        }
        if (bad <= o.patience) return;
        const next = Math.max(lr * o.factor, o.minLr);
        if (lr - next > o.eps) lr = next;
        cooling = o.cooldown;
        bad = 0;
      },
      // null is "none yet"
      state: () => ({ lr, best: best === -sign * Infinity ? null : finite(best), bad, cooling }),
      restore: (state) => {
        lr = savedNumber("reduce-on-plateau", state, "lr");
        best = state["best"] === null ? -sign * Infinity : savedNumber("reduce-on-plateau", state, "best");
        bad = savedNumber("reduce-on-plateau", state, "bad");
        cooling = savedNumber("reduce-on-plateau", state, "cooling");
      },
    };
  },
});
