import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { badOption, number } from "./options.ts";
import { totalSteps, warmupSteps } from "./warmup.ts";

export const power: ScheduleRow = defineSchedule({
  name: "power",
  about: "A power of the tokens seen, whatever the batch and the length of training, below lr.",
  formula:
    "min(lr, amplitude·(tokensPerStep·k)^power), over warmupSteps times k/warmupSteps of its value there",
  source: { cite: "Shen et al. (2024), arXiv 2408.13359; dolomite-engine's PowerScheduler" },
  elsewhere: [
    {
      name: "PowerScheduler",
      library: "dolomite-engine",
      options: { num_warmup_steps: "warmupSteps", a: "amplitude", b: "power", c: "tokensPerStep" },
    },
  ],
  options: {
    amplitude: number("The rate at one token; the paper multiplies it by the batch size.", {
      required: true,
      above: 0,
    }),
    power: number("The power; below 0.", { default: -0.51, below: 0 }),
    tokensPerStep: number("Tokens in a step.", { default: 1, above: 0 }),
    warmupSteps,
  },
  example: { amplitude: 0.5, warmupSteps: 10 },
  make: (lr, o) => {
    const at = (k: number): number =>
      k <= 0 ? lr : Math.min(lr, o.amplitude * (o.tokensPerStep * k) ** o.power);
    return (k) => (k <= o.warmupSteps && o.warmupSteps > 0 ? (at(o.warmupSteps) * k) / o.warmupSteps : at(k));
  },
});

export const powerCool: ScheduleRow = defineSchedule({
  name: "power-cool",
  about:
    "Constant, then a power of the steps that are left; the length of the fall or its coefficient is given.",
  formula:
    "min(lr, c·(totalSteps − k)^power), c = coefficient or lr/cooldownSteps^power; with a floor lr·(floor + (1 − floor)·x^power), x the share of the fall left",
  source: { cite: "Jordan et al., modded-nanogpt, track 3 (2026)" },
  elsewhere: [
    {
      name: "PowerCool",
      library: "modded-nanogpt",
      options: {
        total_steps: "totalSteps",
        schedule_steps: "totalSteps",
        power_c: "coefficient",
        cooldown_frac: "cooldownFraction",
        lr_floor: "floor",
      },
    },
  ],
  options: {
    totalSteps,
    power: number("The power.", { default: 1.2, above: 0 }),
    cooldownSteps: number("Steps of the fall.", { above: 0, otherwise: "cooldownFraction · totalSteps" }),
    cooldownFraction: number("The fall as a share of totalSteps.", { default: 0.4, above: 0, max: 1 }),
    coefficient: number("c, the rate with one step left; decides the length of the fall.", { above: 0 }),
    floor: number("The end as a share of lr.", { default: 0, min: 0, max: 1 }),
  },
  example: { totalSteps: 100, cooldownSteps: 40 },
  make: (lr, o, { at }) => {
    if (o.coefficient !== null) {
      if (o.floor > 0)
        throw badOption(at, "floor", "a floor with a coefficient", "give cooldownSteps instead of it");
      const c = o.coefficient;
      return (k) => Math.min(lr, c * Math.max(0, o.totalSteps - k) ** o.power);
    }
    const share = o.cooldownSteps === null ? o.cooldownFraction : o.cooldownSteps / o.totalSteps;
    return (k) => {
      const done = k / o.totalSteps;
      if (done < 1 - share) return lr;
      const x = Math.min(1, Math.max(0, 1 - done) / share);
      return lr * (o.floor + (1 - o.floor) * x ** o.power);
    };
  },
});
