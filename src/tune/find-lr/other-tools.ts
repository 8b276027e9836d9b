/**
 * How other tools read a range test, from their documented behaviour, for comparison. Each averages the losses, stops and
 * picks in its own way; none says how sure it is. Sources and versions stand at each rule.
 */

export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** The sweep the tool itself would make by default. */
  readonly sweep: { readonly from: number; readonly to: number; readonly iterations: number };
  /** The rate it would choose from rates and raw losses; null where it chooses none or fails. */
  readonly choose: (lrs: readonly number[], losses: readonly number[]) => number | null;
}

type Curve = readonly [lrs: readonly number[], losses: readonly number[]];

const FASTAI = "fastai 2.7, fastai/callback/schedule.py, Learner.lr_find and SuggestionMethod";
const FASTAI_SWEEP = { from: 1e-7, to: 10, iterations: 100 };

/** An average's losses up to where the tool stops: above `factor` times the least, which a NaN never is. */
function upToStop(
  losses: readonly number[],
  smooth: (loss: number, i: number) => number,
  { factor, first }: { factor: number; first: number },
): number[] {
  const out: number[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (const [i, loss] of losses.entries()) {
    const s = smooth(loss, i);
    out.push(s);
    if (i >= first && s > factor * best) break;
    if (s < best) best = s;
  }
  return out;
}

/** s = β·s + (1−β)·loss, divided by 1 − β^(i+late). */
function debiased(beta: number, late: number): (loss: number, i: number) => number {
  let s = 0;
  return (loss, i) => {
    s = beta * s + (1 - beta) * loss;
    return s / (1 - beta ** (i + late));
  };
}

/** fastai: β 0.98, stop at 4 × the least; the first tenth and the last five are dropped, and all from the first NaN on. */
function fastaiCurve(lrs: readonly number[], losses: readonly number[]): Curve {
  const smooth = upToStop(losses, debiased(0.98, 1), { factor: 4, first: 1 });
  const from = Math.floor(losses.length / 10);
  const kept = smooth.slice(from, -5);
  const broken = kept.findIndex((v) => !Number.isFinite(v));
  const end = broken < 0 ? kept.length : broken;
  return [lrs.slice(from, from + end), kept.slice(0, end)];
}

/** The point half-way through the second third of the longest decreasing subsequence, whose length is counted back from its end. */
function valley([lrs, losses]: Curve): number | null {
  const length = losses.map(() => 1);
  let end = 0;
  for (let i = 1; i < losses.length; i++) {
    for (let j = 0; j < i; j++)
      if (losses[i]! < losses[j]! && length[i]! <= length[j]!) length[i] = length[j]! + 1;
    if (length[i]! > length[end]!) end = i;
  }
  const third = (length[end] ?? 1) / 3;
  const start = end === 0 ? 0 : end - length[end]!;
  return lrs[start + Math.floor(third) + Math.floor(third / 2)] ?? null;
}

/** From the right: while the slopes 15 points apart differ by more than 0.005, go left. */
function slide([lrs, losses]: Curve): number | null {
  const slope = gradient(losses, (i) => i);
  let [right, left] = [losses.length - 1, losses.length - 16];
  let chosen = lrs[left] ?? null;
  for (; left >= 0 && Math.abs(slope[right]! - slope[left]!) > 0.005; right--, left--) chosen = lrs[left]!;
  return chosen;
}

const minimum = ([lrs, losses]: Curve): number | null => {
  const at = lrs[argmin(losses)];
  return at === undefined ? null : at / 10;
};

const steep = ([lrs, losses]: Curve): number | null =>
  lrs[argmin(losses.slice(1).map((v, i) => (v - losses[i]!) / Math.log(lrs[i + 1]! / lrs[i]!)))] ?? null;

const fastai = (id: string, title: string, pick: (curve: Curve) => number | null): Rule => ({
  id,
  title,
  source: FASTAI,
  sweep: FASTAI_SWEEP,
  choose: (lrs, losses) => pick(fastaiCurve(lrs, losses)),
});

/** The rules of other tools for picking a rate out of a range test, each with its source. */
export const rules: readonly Rule[] = [
  fastai("fastai-valley", "fastai valley", valley),
  fastai("fastai-slide", "fastai slide", slide),
  fastai("fastai-steep", "fastai steep", steep),
  fastai("minimum-tenth", "minimum / 10", minimum),
  {
    id: "lightning",
    title: "Lightning",
    source:
      "PyTorch Lightning 2.5, lightning/pytorch/tuner/lr_finder.py: steepest slope over the linear rate",
    sweep: { from: 1e-8, to: 1, iterations: 100 },
    choose: (lrs, losses) => {
      // its step count is one ahead when the average is taken
      const smooth = upToStop(losses, debiased(0.98, 2), { factor: 4, first: 1 });
      const points = smooth.flatMap((v, i) =>
        i >= 10 && i < smooth.length - 1 && Number.isFinite(v) ? [i] : [],
      );
      if (points.length < 2) return null;
      const at = points.map((i) => lrs[i]!);
      return (
        at[
          argmin(
            gradient(
              points.map((i) => smooth[i]!),
              (i) => at[i]!,
            ),
          )
        ] ?? null
      );
    },
  },
  {
    id: "torch-lr-finder",
    title: "torch-lr-finder",
    source: "torch-lr-finder 0.2, torch_lr_finder/lr_finder.py: steepest slope per iteration",
    sweep: { from: 1e-7, to: 10, iterations: 100 },
    choose: (lrs, losses) => {
      let s = losses[0] ?? Number.NaN;
      const smooth = upToStop(losses, (loss, i) => (s = i === 0 ? loss : 0.05 * loss + 0.95 * s), {
        factor: 5,
        first: 1,
      });
      const kept = smooth.slice(10, -5);
      if (kept.length < 2) return null;
      return lrs[10 + argmin(gradient(kept, (i) => i))] ?? null;
    },
  },
];

/** Slopes by second-order differences, one-sided at the ends: numpy.gradient and torch.gradient at points x. */
export function gradient(y: readonly number[], x: (i: number) => number): number[] {
  const n = y.length;
  const slope = (i: number): number => (y[i + 1]! - y[i]!) / (x(i + 1) - x(i));
  if (n < 2) return y.map(() => Number.NaN);
  return y.map((_, i) => {
    if (i === 0) return slope(0);
    if (i === n - 1) return slope(n - 2);
    const [a, b] = [x(i) - x(i - 1), x(i + 1) - x(i)];
    return (a * slope(i) + b * slope(i - 1)) / (a + b);
  });
}

/** The first NaN is least, as in NumPy; −1 of nothing. */
function argmin(values: readonly number[]): number {
  const broken = values.findIndex(Number.isNaN);
  if (broken >= 0) return broken;
  let at = values.length > 0 ? 0 : -1;
  values.forEach((v, i) => {
    if (v < values[at]!) at = i;
  });
  return at;
}
