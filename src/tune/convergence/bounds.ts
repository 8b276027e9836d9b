/**
 * What theory promises of gradient descent with rate η on an L-smooth convex loss (μ-strongly convex where μ > 0), as
 * functions of the step k: upper bounds of the gap f(θₖ) − f*. R is the distance from start to minimum.
 */

export interface BoundFacts {
  readonly L: number;
  readonly mu: number;
  readonly lr: number;
  /** R². */
  readonly distanceSquared: number;
  /** f(θ₀) − f*. */
  readonly gap: number;
}

/** What a bound takes for granted: of the loss, or of the rate. */
export type Needs = "convex" | "strongly-convex" | "at-most-1/L" | "below-2/L";

/** One bound of the table, with its source and what it takes for granted. */
export interface BoundRow {
  readonly id: string;
  readonly formula: string;
  readonly source: string;
  readonly needs: readonly Needs[];
  /** Upper bound after k ≥ 1 steps. */
  readonly at: (facts: BoundFacts, k: number) => number;
}

/**
 * How near a run came to a bound: the least of bound over gap along the run, and its step. Below 1 the bound
 * is broken.
 */
export interface Margin {
  readonly ratio: number;
  readonly step: number;
}

/**
 * The bounds on the loss above its minimum that are compared with a run. η the rate, L and μ the largest and
 * smallest curvature, R the distance from the minimum at the start, k the step.
 */
export const BOUNDS: readonly BoundRow[] = [
  {
    id: "convex",
    formula: "R²/(2ηk)",
    source: "Nesterov 2018, section 2.1.5; L·R²/(2k) at η = 1/L",
    needs: ["convex", "at-most-1/L"],
    at: ({ lr, distanceSquared }, k) => distanceSquared / (2 * lr * k),
  },
  {
    id: "convex-sharp",
    formula: "R²/(4ηk + 2/L)",
    source: "Drori & Teboulle 2014, theorem 3.1; L·R²/(4k+2) at η = 1/L",
    needs: ["convex", "at-most-1/L"],
    at: ({ L, lr, distanceSquared }, k) => distanceSquared / (4 * lr * k + 2 / L),
  },
  {
    id: "convex-general",
    formula: "2·gap₀·R²/(2R² + kη(2 − Lη)·gap₀)",
    source: "Nesterov 2004, theorem 2.1.14",
    needs: ["convex", "below-2/L"],
    at: ({ L, lr, distanceSquared, gap }, k) =>
      (2 * gap * distanceSquared) / (2 * distanceSquared + k * lr * (2 - L * lr) * gap),
  },
  {
    id: "linear",
    formula: "(1 − ημ(2 − ηL))ᵏ·gap₀",
    source: "descent lemma and the Polyak–Łojasiewicz inequality; (1 − μ/L)ᵏ at η = 1/L",
    needs: ["strongly-convex", "below-2/L"],
    at: ({ L, mu, lr, gap }, k) => gap * (1 - lr * mu * (2 - lr * L)) ** k,
  },
  {
    id: "linear-sharp",
    formula: "max(|1 − ημ|, |1 − ηL|)²ᵏ·gap₀",
    source: "Taylor, Hendrickx & Glineur 2018; ((κ−1)/(κ+1))²ᵏ at η = 2/(L+μ)",
    needs: ["strongly-convex", "below-2/L"],
    at: ({ L, mu, lr, gap }, k) => gap * Math.max(Math.abs(1 - lr * mu), Math.abs(1 - lr * L)) ** (2 * k),
  },
];

/** One bound beside the gaps of a run: at which steps it was below, and where it came closest. */
export function compareBound(
  at: BoundRow["at"],
  {
    facts,
    steps,
    from,
    gap,
    rounding,
  }: {
    facts: BoundFacts;
    steps: readonly number[];
    from: number;
    gap: readonly number[];
    /** Gaps below this are not compared. */
    rounding: number;
  },
): { values: (number | null)[]; holds: boolean | null; margin: Margin | null } {
  const values = steps.map((s) => (s > from ? at(facts, s - from) : null));
  let margin: Margin | null = null;
  values.forEach((bound, i) => {
    if (bound === null || !(gap[i]! > rounding)) return;
    const ratio = bound / gap[i]!;
    if (margin === null || ratio < margin.ratio) margin = { ratio, step: steps[i]! };
  });
  const found = margin as Margin | null;
  // a bound that is met exactly, as by a quadratic in one dimension, is held up to rounding
  return { values, holds: found === null ? null : found.ratio >= 1 - 1e-6, margin: found };
}

/**
 * Factor per step that heavy ball (θ −= ηv, v ← βv + g) takes off the distance in the long run on a quadratic with
 * curvatures from μ to L: the largest root of z² − (1 + β − ηλ)z + β at either end (Polyak 1964).
 */
export function heavyBallRate({
  lr,
  beta,
  L,
  mu,
}: {
  lr: number;
  beta: number;
  L: number;
  mu: number;
}): number {
  const root = (curvature: number): number => {
    const half = (1 + beta - lr * curvature) / 2;
    const under = half ** 2 - beta;
    return under <= 0 ? Math.sqrt(beta) : Math.abs(half) + Math.sqrt(under);
  };
  return Math.max(root(mu), root(L));
}

/**
 * Where SGD's gap settles on a quadratic: each coordinate's variance is ησ²/(λ(2−ηλ)), its share of the gap half of λ
 * times that. `trace` is tr(Σ) of one row at the minimum; between the values for ηλ = 0 and ηλ = ηL.
 */
export function noiseFloor({
  lr,
  L,
  trace,
  batchSize,
}: {
  lr: number;
  L: number;
  trace: number;
  batchSize: number;
}): readonly [low: number, high: number] {
  const low = (lr * trace) / (4 * batchSize);
  return [low, lr * L < 2 ? low * (2 / (2 - lr * L)) : Number.POSITIVE_INFINITY];
}
