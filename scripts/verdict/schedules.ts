/** Relative rate at step t of n: the shapes that the made runs were trained with (make_runs.py has the same). */
export const SCHEDULES: Readonly<Record<string, (t: number, n: number) => number>> = {
  const: () => 1,
  "warmup-cosine": (t, n) => {
    const w = Math.floor(n / 10);
    return t < w ? (t + 1) / w : 0.5 * (1 + Math.cos((Math.PI * (t - w)) / (n - w)));
  },
  "warmup-const": (t, n) => Math.min(1, (t + 1) / Math.floor(n / 20)),
  linear: (t, n) => 1 - t / n,
  cosine: (t, n) => 0.5 * (1 + Math.cos((Math.PI * t) / n)),
  step: (t, n) => (t >= n * 0.6 ? 0.1 : 1) * (t >= n * 0.85 ? 0.1 : 1),
  halving: (t, n) => 0.5 ** Math.floor((5 * t) / n),
  "warmup-linear": (t, n) => (t < n / 10 ? (t + 1) / (n / 10) : (n - t) / (0.9 * n)),
  rsqrt: (t, n) => 1 / Math.sqrt(1 + (20 * t) / n),
};

/** Those of once-fresh-families.ts, apart: the tasks of families.ts are drawn from the first. */
export const LATER_SCHEDULES: Readonly<Record<string, (t: number, n: number) => number>> = {
  constant: () => 1,
  "one-cycle": (t, n) =>
    t < 0.3 * n
      ? 0.04 + (0.96 * t) / (0.3 * n)
      : 0.04 + 0.48 * (1 + Math.cos((Math.PI * (t - 0.3 * n)) / (0.7 * n))),
  exponential: (t, n) => Math.exp((-4 * t) / n),
  polynomial: (t, n) => (1 - t / n) ** 2 + 1e-3,
  "long warm-up": (t, n) => Math.min(1, (t + 1) / (0.15 * n)),
  restarts: (t, n) => 0.5 * (1 + Math.cos(Math.PI * ((3 * t) / n - Math.floor((3 * t) / n)))) + 1e-3,
};

/** Those of fresh-families.ts. */
const FRESH_SCHEDULES: typeof SCHEDULES = {
  trapezoid: (t, n) => Math.min(1, (t + 1) / (0.05 * n), (n - t) / (0.3 * n)),
  inverse: (t, n) => 1 / (1 + (6 * t) / n),
  root: (t, n) => Math.sqrt(1 - t / n),
  thirds: (t, n) => 0.3 ** Math.floor((3 * t) / n),
};

/** The shape of this name. */
export const shapeOf = (name: string): ((t: number, n: number) => number) =>
  (SCHEDULES[name] ?? LATER_SCHEDULES[name] ?? FRESH_SCHEDULES[name])!;
