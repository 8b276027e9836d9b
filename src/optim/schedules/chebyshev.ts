import { defineSchedule } from "./define.ts";
import type { ScheduleRow } from "./entry.ts";
import { clamp } from "./formulas.ts";
import { badOption, boolean, integer, number, type Options } from "./options.ts";

/** The order in which steps of very different length don't blow up: 1; then each t followed by 2T + 1 − t (T doubles). */
function fractalOrder(length: number): readonly number[] {
  let order: readonly number[] = [1];
  while (order.length < length) order = order.flatMap((t) => [t, 2 * order.length + 1 - t]);
  return order;
}

/** Its length is the power of 2 above n − 1, its spectrum [0.05, 1], and its first three counts are one. */
function adaptEpochs({ num_epochs: n, ...rest }: Options): Options {
  return typeof n === "number" && n >= 2
    ? { ...rest, length: 2 ** (Math.floor(Math.log2(n - 1)) + 1) }
    : rest;
}

export const chebyshev: ScheduleRow = defineSchedule({
  name: "chebyshev",
  about:
    "Steps of Chebyshev's iteration in fractal order: single ones far beyond the stability limit, the whole stable.",
  formula:
    "lr/((M + m)/2 − (M − m)/2·cos((t − ½)π/T)), t = σ(k + 1) in fractal order, repeated every T steps",
  source: { cite: "Agarwal, Goel & Zhang (2021), arXiv 2103.01338; pytorch_optimizer's chebyshev" },
  elsewhere: [
    {
      name: "get_chebyshev_schedule",
      library: "pytorch-optimizer",
      preset: { delay: 2, repeat: false },
      adapt: adaptEpochs,
    },
  ],
  options: {
    length: integer("T, steps of one round: a power of 2.", { default: 16, min: 1 }),
    smallest: number("m, the smallest curvature, in units in which lr is right for 1.", {
      default: 0.05,
      above: 0,
    }),
    largest: number("M, the largest curvature.", { default: 1, above: 0 }),
    delay: integer("Steps at which the first rate stays in force before the round goes on.", {
      default: 0,
      min: 0,
    }),
    repeat: boolean("Begin again after T steps, instead of staying at the last rate.", { default: true }),
  },
  example: { length: 8 },
  make: (lr, { length, smallest: m, largest: M, delay, repeat }, { at }) => {
    if (!Number.isInteger(Math.log2(length))) {
      throw badOption(at, "length", `length is ${length}`, "give a power of 2, such as 16");
    }
    if (m > M) throw badOption(at, "smallest", `smallest ${m} is above largest ${M}`, "exchange them");
    const rates = fractalOrder(length).map(
      (t) => lr / ((M + m) / 2 - ((M - m) / 2) * Math.cos(((t - 0.5) * Math.PI) / length)),
    );
    return (k) => {
      const i = Math.max(0, Math.floor(k) - delay);
      return rates[repeat ? i % length : clamp(i, 0, length - 1)]!;
    };
  },
});
