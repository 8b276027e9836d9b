/**
 * Successive halving over rates, shared between optimizers: the best with the first seed go on with further seeds, and
 * after each round the worse half leaves (Jamieson & Talwalkar 2016, https://arxiv.org/abs/1502.07943). What one seed says of
 * a rate is mostly luck; here an optimizer that is behind stops costing anything.
 */
import { mean } from "../../run/mean.ts";

/** An optimizer at a rate, and how it did with the first seed. */
export interface Arm {
  readonly label: string;
  readonly lr: number;
  /** The smaller the better, and of a scale on which a mean over seeds means something, such as the logarithm of steps. */
  readonly score: number;
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
  /** What counted: updates to the target, or the final loss where nobody got there with the first seed. */
  readonly by: "steps" | "loss";
}

/** Fresh seeds of a round. */
const SEEDS = 2;

/** Trainings that halving so many arms costs. */
export function halvingCost(arms: number): number {
  let trainings = 0;
  for (let left = arms; left > 1; left = Math.ceil(left / 2)) trainings += SEEDS * left;
  return trainings;
}

/**
 * The best `max` of the arms take part, but none whose score is more than `far` behind the best: two seeds would not bring it to the front.
 * `run` gives the score of an arm with the fresh seed of that number (from 0). Null where there is nothing to choose.
 */
export async function halve(
  arms: readonly Arm[],
  { max, far, run }: { max: number; far: number; run: (arm: Arm, seed: number) => Promise<number> },
): Promise<Omit<Halved, "by"> | null> {
  const quick = [...arms].sort((a, b) => a.score - b.score);
  const [first] = quick;
  if (first === undefined) return null;
  let left = quick
    .filter((a) => a.score <= first.score + far)
    .slice(0, max)
    .map((arm) => ({ arm, scores: [arm.score] }));
  if (left.length < 2) return null;
  const gone: Arm[] = [];
  let [seeds, trainings] = [0, 0];
  while (left.length > 1) {
    const numbers = Array.from({ length: SEEDS }, (_, i) => seeds + i);
    seeds += SEEDS;
    trainings += SEEDS * left.length;
    await Promise.all(
      left.map(async ({ arm, scores }) => {
        scores.push(...(await Promise.all(numbers.map((n) => run(arm, n)))));
      }),
    );
    const order = [...left].sort((a, b) => mean(a.scores) - mean(b.scores));
    left = order.slice(0, Math.ceil(order.length / 2));
    gone.unshift(...order.slice(left.length).map((x) => x.arm));
  }
  const order = [...left.map((x) => x.arm), ...gone];
  const rates = new Map(order.toReversed().map(({ label, lr }) => [label, lr]));
  return { rates, winner: order[0]!.label, seeds, trainings };
}
