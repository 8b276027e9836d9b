/**
 * The probability that |t| of `df` degrees of freedom stays below √df·tan θ: the closed forms for whole `df` of Abramowitz and
 * Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
 */
function within(theta: number, df: number): number {
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  const odd = df % 2 === 1;
  let term = odd ? cos : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < df; k += 2) {
    term *= ((k - 1) / k) * cos * cos;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
}

/** The point that |t| of `df` degrees of freedom exceeds with probability `error`. */
export function tPoint(df: number, error: number): number {
  let [low, high] = [0, Math.PI / 2];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (within(middle, df) < 1 - error) low = middle;
    else high = middle;
  }
  return Math.sqrt(df) * Math.tan(low);
}

/** Two-sided 95 % point of Student's t. */
export const t95 = (df: number): number => tPoint(df, 0.05);

/** The mean of values of several seeds. */
export interface Mean {
  readonly mean: number;
  /** Standard error; null for one value. */
  readonly se: number | null;
  readonly n: number;
}

/** Null for no values. */
export function meanOf(values: readonly number[]): Mean | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, v) => sum + v / n, 0);
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, se: n < 2 ? null : Math.sqrt(squares / (n - 1) / n), n };
}
