/**
 * The gradient noise scale B = tr(Σ)/|G|² (McCandlish et al. 2018, arXiv 1812.06162, section 2.2 and appendix A.1): Σ the
 * covariance of one row's gradient, G the mean gradient. Below it more rows to a batch save steps in proportion, above
 * it they hardly do: the critical batch size. Both moments are unbiased, from small batches and their union.
 */
import { SteepestError } from "../run/errors.ts";
import { addScaled, dot } from "./operator.ts";

/** The gradient noise scale of a loss at one point (McCandlish et al. 2018), in rows. */
export interface NoiseScale {
  /** tr(Σ)/|G|² in rows; null where the gradient can't be told from the noise. */
  readonly rows: number | null;
  /** Of `rows`, by jackknife; null with it. */
  readonly standardError: number | null;
  /** 95 % interval in rows, from the jackknife of 1/B; no upper end where |G|² may be zero. */
  readonly interval: readonly [low: number, high: number | null];
  /** Unbiased estimates: |G|² (noise may make it negative) and tr(Σ). */
  readonly gradientSquared: number;
  readonly trace: number;
  readonly batchSize: number;
  readonly batches: number;
}

/** Where gradients come from, and how exact the estimate is to be. */
export interface NoiseScaleOptions {
  readonly size: number;
  /** Rows of a batch. */
  readonly batchSize: number;
  /** Writes the gradient of the mean loss over `batchSize` rows, drawn independently and with replacement. */
  readonly draw: (out: Float64Array) => void;
  /** Batches at least and at most; it ends when the standard error is below `relativeError`. Multiples of 16. */
  readonly minBatches?: number;
  readonly maxBatches?: number;
  readonly relativeError?: number;
  readonly onStep?: (batches: number) => Promise<void> | undefined;
}

/** Jackknife groups: batch i belongs to group i mod 16, so that memory does not grow with the batches. */
const GROUPS = 16;
/** 97.5 % quantile of Student's t with 15 degrees of freedom. */
const T15 = 2.1314;

interface Moments {
  readonly gradientSquared: number;
  readonly trace: number;
  /** |G|²/tr(Σ): 1/B, which stays finite where the gradient is lost in noise. */
  readonly inverse: number;
}

/**
 * The gradient noise scale B = tr(Σ)/|G|², Σ the covariance of one row's gradient and G the full gradient
 * (McCandlish et al. 2018, equation 2.9), from independent batches. Its error is estimated by jackknife.
 * Throws `option` for batches that are no use.
 */
export async function noiseScale({
  size,
  batchSize,
  draw,
  minBatches = 32,
  maxBatches = 256,
  relativeError = 0.1,
  onStep,
}: NoiseScaleOptions): Promise<NoiseScale> {
  if (!(batchSize >= 1) || !(minBatches >= GROUPS) || !(maxBatches >= minBatches)) {
    throw new SteepestError(
      "option",
      `a noise scale from ${minBatches} to ${maxBatches} batches of ${batchSize}`,
      {
        help: `take batches of at least one row, and at least ${GROUPS} of them`,
      },
    );
  }
  const sums = Array.from({ length: GROUPS }, () => new Float64Array(size));
  const squares = new Float64Array(GROUPS);
  const gradient = new Float64Array(size);
  for (let k = 0; ; ) {
    for (let group = 0; group < GROUPS; group++) {
      draw(gradient);
      addScaled(sums[group]!, 1, gradient);
      squares[group]! += dot(gradient, gradient);
      k++;
      await onStep?.(k);
    }
    if (k < minBatches) continue;
    const found = estimate(sums, squares, { k, batchSize });
    const precise =
      found.standardError !== null && found.standardError <= relativeError * Math.abs(found.rows!);
    if (!precise && k < maxBatches) continue;
    return { ...found, batchSize, batches: k };
  }
}

function estimate(
  sums: readonly Float64Array[],
  squares: Float64Array,
  { k, batchSize }: { k: number; batchSize: number },
): Omit<NoiseScale, "batchSize" | "batches"> {
  const total = new Float64Array(sums[0]!.length);
  for (const s of sums) addScaled(total, 1, s);
  const totalSquares = squares.reduce((a, b) => a + b, 0);
  const whole = dot(total, total);
  const all = moments(whole, totalSquares, { k, batchSize });
  const left = sums.map((s, g) =>
    moments(whole - 2 * dot(total, s) + dot(s, s), totalSquares - squares[g]!, {
      k: (k * (GROUPS - 1)) / GROUPS,
      batchSize,
    }),
  );
  const inverseError = jackknife(left.map((m) => m.inverse));
  const [low, high] = [all.inverse - T15 * inverseError, all.inverse + T15 * inverseError];
  const { gradientSquared, trace, inverse } = all;
  if (trace === 0 && gradientSquared > 0)
    return { rows: 0, standardError: 0, interval: [0, 0], gradientSquared, trace };
  const known = inverse > 0;
  return {
    rows: known ? 1 / inverse : null,
    // of 1/x: the error of x over x²
    standardError: known ? inverseError / inverse ** 2 : null,
    interval: [high > 0 ? 1 / high : 0, low > 0 ? 1 / low : null],
    gradientSquared,
    trace,
  };
}

/** From |Σg|² and Σ|g|² of k batches: the equations of appendix A.1 with B_big = k·B_small. */
function moments(
  whole: number,
  squares: number,
  { k, batchSize }: { k: number; batchSize: number },
): Moments {
  const big = whole / k ** 2;
  const small = squares / k;
  const gradientSquared = (k * big - small) / (k - 1);
  const trace = Math.max(0, (small - big) / (1 / batchSize - 1 / (k * batchSize)));
  return { gradientSquared, trace, inverse: gradientSquared / trace };
}

function jackknife(left: readonly number[]): number {
  const m = left.length;
  const mean = left.reduce((a, b) => a + b, 0) / m;
  return Math.sqrt(((m - 1) / m) * left.reduce((sum, x) => sum + (x - mean) ** 2, 0));
}
