/** The step that every eigenvalue of a symmetric tridiagonal matrix is found by. */

/**
 * One implicit QL step on rows first … last with Wilkinson's shift, by plane rotations from the end of the block to its start
 * (Golub & Van Loan, Matrix Computations, 8.3). `below[i]` stands under `diagonal[i]`; the rows of `vectors` are turned along.
 */
export function qlStep(
  diagonal: Float64Array,
  below: Float64Array,
  vectors: readonly Float64Array[],
  { first, last }: { readonly first: number; readonly last: number },
): void {
  const half = (diagonal[first + 1]! - diagonal[first]!) / (2 * below[first]!);
  const root = Math.hypot(half, 1);
  let g = diagonal[last]! - diagonal[first]! + below[first]! / (half + (half < 0 ? -root : root));
  let [sine, cosine, moved] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = sine * below[i]!;
    const b = cosine * below[i]!;
    const r = Math.hypot(f, g);
    below[i + 1] = r;
    if (r === 0) {
      // the block falls apart here
      diagonal[i + 1]! -= moved;
      below[last] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = diagonal[i + 1]! - moved;
    const t = (diagonal[i]! - g) * sine + 2 * cosine * b;
    moved = sine * t;
    diagonal[i + 1] = g + moved;
    g = cosine * t - b;
    rotate(vectors[i]!, vectors[i + 1]!, { sine, cosine });
  }
  diagonal[first]! -= moved;
  below[first] = g;
  below[last] = 0;
}

/** Turns two rows in their plane, in place. */
export function rotate(
  low: Float64Array,
  high: Float64Array,
  { sine, cosine }: { readonly sine: number; readonly cosine: number },
): void {
  for (let j = 0; j < low.length; j++) {
    const [a, b] = [low[j]!, high[j]!];
    high[j] = sine * a + cosine * b;
    low[j] = cosine * a - sine * b;
  }
}
