import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { clamp, cosineBetween } from "./formulas.ts";
import { badOption, number, numbers } from "./options.ts";
import type { Schedule } from "./types.ts";

/** start → middle → end along two half cosines that meet at the share `pct`; `p` is the position in the run. */
function combinedCosine(
  pct: number,
  [start, middle, end]: readonly [number, number, number],
  p: number,
): number {
  return p < pct
    ? cosineBetween(start, middle, p / pct)
    : cosineBetween(middle, end, pct === 1 ? 1 : (p - pct) / (1 - pct));
}

export const oneCycleFastai: ScheduleRow = defineSchedule({
  name: "one-cycle-fastai",
  about:
    "fastai's 1-cycle: corners at shares of the run, the last rate counted from the peak, momentum against it.",
  formula: "lr/div → lr at pctStart·totalSteps → lr/divFinal at totalSteps, along half cosines",
  source: { cite: "Smith and Topin (2018), arXiv 1708.07120; fastai's Learner.fit_one_cycle" },
  elsewhere: [
    {
      name: "fit_one_cycle",
      library: "fastai",
      options: { lr_max: "lr", pct_start: "pctStart", div_final: "divFinal", moms: "momenta" },
    },
  ],
  options: {
    totalSteps: number("Steps of the whole run.", { required: true, above: 0, filledFrom: "totalSteps" }),
    pctStart: number("Share of the run in which the rate rises.", { default: 0.25, above: 0, max: 1 }),
    div: number("lr over the first rate.", { default: 25, above: 0 }),
    divFinal: number("lr over the last rate.", { default: 1e5, above: 0 }),
    momenta: numbers("Momentum at the start, the peak and the end.", {
      default: [0.95, 0.85, 0.95],
      min: 0,
      max: 1,
    }),
  },
  example: { totalSteps: 100 },
  make: (lr, { totalSteps, pctStart, div, divFinal, momenta }, { at }) => {
    const [first, middle, last, more] = momenta;
    if (first === undefined || middle === undefined || last === undefined || more !== undefined)
      throw badOption(at, "momenta", `momenta has ${momenta.length} values`, "give three: start, peak, end");
    const along =
      (corners: readonly [number, number, number]): Schedule =>
      (k) =>
        combinedCosine(pctStart, corners, clamp(k / totalSteps, 0, 1));
    return Object.assign(along([lr / div, lr, lr / divFinal]), { momentumAt: along([first, middle, last]) });
  },
});

export const flatCosine: ScheduleRow = defineSchedule({
  name: "flat-cosine",
  about: "The same rate for most of the run, then a cosine fall.",
  formula: "lr until pctStart·totalSteps, then → lr/divFinal at totalSteps along half a cosine",
  source: { cite: "fastai's Learner.fit_flat_cos" },
  elsewhere: [
    { name: "fit_flat_cos", library: "fastai", options: { pct_start: "pctStart", div_final: "divFinal" } },
  ],
  options: {
    totalSteps: number("Steps of the whole run.", { required: true, above: 0, filledFrom: "totalSteps" }),
    pctStart: number("Share of the run at the full rate.", { default: 0.75, min: 0, max: 1 }),
    divFinal: number("lr over the last rate.", { default: 1e5, above: 0 }),
  },
  example: { totalSteps: 100 },
  make:
    (lr, { totalSteps, pctStart, divFinal }) =>
    (k) =>
      combinedCosine(pctStart, [lr, lr, lr / divFinal], clamp(k / totalSteps, 0, 1)),
});
