/**
 * Successive halving over rates, shared between optimizers: all that got to the target quickly go on with further seeds, and
 * after each round the slower half leaves (Jamieson & Talwalkar 2016, https://arxiv.org/abs/1502.07943). What one seed says of
 * a rate is mostly luck; here an optimizer that is behind stops costing anything.
 */
import { mean } from "../../run/mean.ts";

/** An optimizer at a rate, and the updates that it took to the target with the first seed. */
export interface Arm {
  readonly label: string;
  readonly lr: number;
  readonly steps: number;
}

/** What came of it. */
export interface Halved {
  /** Of each optimizer that took part, the rate that stayed longest. */
  readonly rates: ReadonlyMap<string, number>;
  /** The optimizer that stayed last. */
  readonly winner: string;
  /** Fresh seeds that were used, from the first on. */
  readonly seeds: number;
  readonly trainings: number;
}

/** Fresh seeds of a round. */
const SEEDS = 2;
/** An arm slower by this factor with the first seed takes no part: two seeds would not bring it to the front. */
const FAR = 2;

/** Trainings that halving so many arms costs. */
export function halvingCost(arms: number): number {
  let trainings = 0;
  for (let left = arms; left > 1; left = Math.ceil(left / 2)) trainings += SEEDS * left;
  return trainings;
}

/**
 * The quickest `max` of the arms take part. `run` gives the updates that an arm took with the fresh seed of that number (from 0), a
 * whole training where it did not get there. Null where there is nothing to choose.
 */
export async function halve(
  arms: readonly Arm[],
  { max, run }: { max: number; run: (arm: Arm, seed: number) => Promise<number> },
): Promise<Halved | null> {
  const quick = [...arms].sort((a, b) => a.steps - b.steps);
  const [first] = quick;
  if (first === undefined) return null;
  let left = quick
    .filter((a) => a.steps <= FAR * Math.max(1, first.steps))
    .slice(0, max)
    .map((arm) => ({ arm, logs: [logOf(arm.steps)] }));
  if (left.length < 2) return null;
  const gone: Arm[] = [];
  let [seeds, trainings] = [0, 0];
  while (left.length > 1) {
    const numbers = Array.from({ length: SEEDS }, (_, i) => seeds + i);
    seeds += SEEDS;
    trainings += SEEDS * left.length;
    await Promise.all(
      left.map(async ({ arm, logs }) => {
        logs.push(...(await Promise.all(numbers.map((n) => run(arm, n)))).map(logOf));
      }),
    );
    const order = [...left].sort((a, b) => mean(a.logs) - mean(b.logs));
    left = order.slice(0, Math.ceil(order.length / 2));
    gone.unshift(...order.slice(left.length).map((x) => x.arm));
  }
  const order = [...left.map((x) => x.arm), ...gone];
  const rates = new Map(order.toReversed().map(({ label, lr }) => [label, lr]));
  return { rates, winner: order[0]!.label, seeds, trainings };
}

const logOf = (steps: number): number => Math.log(Math.max(1, steps));
