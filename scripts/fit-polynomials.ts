/**
 * Fits the polynomials of the compiler's elementary functions and prints them as src/engine/compile/writers/coefficients.ts:
 *
 *     npx jiti scripts/fit-polynomials.ts > src/engine/compile/writers/coefficients.ts
 *
 * Each fit minimises the largest weighted error over dense Chebyshev nodes: least squares in the Chebyshev basis, whose
 * weights are multiplied by the error they leave until the error is level (Lawson's iteration). The weight turns the error
 * of the fitted factor into the error of the final result relative to that result. Targets are evaluated by their own
 * series where the closed form would cancel.
 */
import { erf } from "../src/engine/rules/scalar.ts";

interface Fit {
  readonly name: string;
  readonly about: string;
  readonly interval: readonly [number, number];
  readonly degree: number;
  readonly single: boolean;
  readonly target: (x: number) => number;
  readonly weight: (x: number) => number;
}

/** Σ term(k), from the smallest term. */
function series(term: (k: number) => number, terms: number): number {
  let total = 0;
  for (let k = terms; k >= 0; k--) total += term(k);
  return total;
}

/** Least squares by Householder reflections; `a` is overwritten, row-major [rows][columns]. */
function leastSquares(a: Float64Array[], b: Float64Array): number[] {
  const n = a[0]!.length;
  for (let j = 0; j < n; j++) {
    let norm = 0;
    for (let i = j; i < a.length; i++) norm = Math.hypot(norm, a[i]![j]!);
    const alpha = a[j]![j]! > 0 ? -norm : norm;
    const v = a.map((row, i) => (i < j ? 0 : i === j ? row[j]! - alpha : row[j]!));
    const vv = v.reduce((s, x) => s + x * x, 0);
    const reflect = (get: (i: number) => number, set: (i: number, x: number) => void): void => {
      let dot = 0;
      for (let i = j; i < v.length; i++) dot += v[i]! * get(i);
      for (let i = j; i < v.length; i++) set(i, get(i) - (2 * dot * v[i]!) / vv);
    };
    for (let c = j; c < n; c++)
      reflect(
        (i) => a[i]![c]!,
        (i, x) => (a[i]![c] = x),
      );
    reflect(
      (i) => b[i]!,
      (i, x) => (b[i] = x),
    );
  }
  const x = new Array<number>(n).fill(0);
  for (let j = n - 1; j >= 0; j--) {
    let s = b[j]!;
    for (let c = j + 1; c < n; c++) s -= a[j]![c]! * x[c]!;
    x[j] = s / a[j]![j]!;
  }
  return x;
}

/** Σ c_k T_k((2x − lo − hi)/(hi − lo)) as a polynomial in x, lowest power first. */
function toMonomials(chebyshev: readonly number[], [lo, hi]: readonly [number, number]): number[] {
  const n = chebyshev.length;
  const [slope, shift] = [2 / (hi - lo), -(lo + hi) / (hi - lo)];
  const total = new Array<number>(n).fill(0);
  let previous = new Array<number>(n).fill(0);
  let present = [1, ...new Array<number>(n - 1).fill(0)];
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) total[i]! += chebyshev[k]! * present[i]!;
    const factor = k === 0 ? 1 : 2;
    const next = present.map((c, i) => factor * (slope * (present[i - 1] ?? 0) + shift * c) - previous[i]!);
    if (k === 0) for (let i = 0; i < n; i++) next[i]! += previous[i]!;
    [previous, present] = [present, next];
  }
  return total;
}

function fit({ interval, degree, single, target, weight }: Fit): { coefficients: number[]; error: number } {
  const nodes = 60 * (degree + 1);
  const [lo, hi] = interval;
  const u = Array.from({ length: nodes }, (_, i) => Math.cos((Math.PI * (i + 0.5)) / nodes));
  const x = u.map((t) => (lo + hi) / 2 + ((hi - lo) / 2) * t);
  const y = x.map(target);
  const w = x.map(weight);
  const basis = u.map((t) => Float64Array.from({ length: degree + 1 }, (_, k) => Math.cos(k * Math.acos(t))));
  let emphasis = x.map(() => 1);
  let best: number[] = [];
  let smallest = Infinity;
  for (let round = 0; round < 150; round++) {
    const scale = emphasis.map((e, i) => Math.sqrt(e) * w[i]!);
    const c = leastSquares(
      basis.map((row, i) => row.map((t) => t * scale[i]!)),
      Float64Array.from(y, (t, i) => t * scale[i]!),
    );
    const errors = basis.map((row, i) => Math.abs(row.reduce((s, t, k) => s + t * c[k]!, 0) - y[i]!) * w[i]!);
    const largest = Math.max(...errors);
    if (largest < smallest) [smallest, best] = [largest, c];
    emphasis = emphasis.map((e, i) => e * errors[i]!);
    const total = emphasis.reduce((s, e) => s + e, 0) / nodes;
    emphasis = emphasis.map((e) => Math.max(e / total, 1e-12));
  }
  const coefficients = toMonomials(best, interval).map((c) => (single ? Math.fround(c) : c));
  const horner = (t: number): number => coefficients.reduceRight((s, c) => s * t + c, 0);
  return { coefficients, error: Math.max(...x.map((t, i) => Math.abs(horner(t) - y[i]!) * w[i]!)) };
}

const halfLn2 = Math.LN2 / 2;
/** (eʳ − 1 − r − r²/2)/r³ */
const expTail = (r: number): number => {
  let term = 1 / 6;
  const terms = [term];
  for (let k = 1; k < 20; k++) terms.push((term *= r / (k + 3)));
  return series((k) => terms[k]!, 19);
};
/** (log(1 + f) − f + f²/2)/f³, through 2 artanh(f/(2 + f)) away from 0. */
const logTail = (f: number): number =>
  Math.abs(f) < 0.05
    ? series((k) => (-f) ** k / (k + 3), 24)
    : (Math.log1p(f) - f + (f * f) / 2) / (f * f * f);
const artanhTail = (z: number): number => series((k) => (2 * z ** k) / (2 * k + 3), 24);
const quarterPi = Math.PI / 4;
const powerSeries = (first: number, z: number): number => {
  // Σ (−1)^k z^k first!/(first + 2k)!
  let term = 1;
  const terms = [1];
  for (let k = 1; k < 14; k++) terms.push((term *= -z / ((first + 2 * k) * (first + 2 * k - 1))));
  return series((k) => terms[k]!, 13);
};
/** erfc by Lentz's continued fraction (DLMF 7.9.1) where 1 − erf would cancel. */
function logErfc(x: number): number {
  if (x < 2) return Math.log(1 - erf(x));
  let fraction = 0;
  for (let k = 120; k > 0; k--) fraction = k / 2 / (x + fraction);
  return -x * x - Math.log((x + fraction) * Math.sqrt(Math.PI));
}

const fits: readonly Fit[] = [
  {
    name: "expTail32",
    about: "(e^r − 1 − r − r²/2)/r³, |r| ≤ ln2/2; error relative to e^r − 1",
    interval: [-halfLn2 * 1.001, halfLn2 * 1.001],
    degree: 3,
    single: true,
    target: expTail,
    weight: (r) => Math.abs(r ** 3 / Math.expm1(r)),
  },
  {
    name: "expTail64",
    about: "(e^r − 1 − r − r²/2)/r³, |r| ≤ ln2/2; error relative to e^r − 1",
    interval: [-halfLn2 * 1.001, halfLn2 * 1.001],
    degree: 9,
    single: false,
    target: expTail,
    weight: (r) => Math.abs(r ** 3 / Math.expm1(r)),
  },
  {
    name: "logTail32",
    about: "(log(1 + f) − f + f²/2)/f³, 1 + f from √½ to √2; error relative to log(1 + f)",
    interval: [Math.SQRT1_2 - 1, Math.SQRT2 - 1],
    degree: 7,
    single: true,
    target: logTail,
    weight: (f) => Math.abs(f ** 3 / Math.log1p(f)),
  },
  {
    name: "artanhTail64",
    about: "(2 artanh(s) − 2s)/s³ in z = s², |s| ≤ (√2 − 1)/(√2 + 1); error relative to 2 artanh(s)",
    interval: [0, 0.02944],
    degree: 6,
    single: false,
    target: artanhTail,
    weight: (z) => z / (2 + z * artanhTail(z)),
  },
  {
    name: "sinTail32",
    about: "(sin r − r)/r³ in z = r², |r| ≤ π/4; error relative to sin r",
    interval: [0, quarterPi ** 2],
    degree: 2,
    single: true,
    target: (z) => -powerSeries(3, z) / 6,
    weight: (z) => z,
  },
  {
    name: "cosTail32",
    about: "(cos r − 1 + r²/2)/r⁴ in z = r², |r| ≤ π/4; error relative to cos r",
    interval: [0, quarterPi ** 2],
    degree: 2,
    single: true,
    target: (z) => powerSeries(4, z) / 24,
    weight: (z) => (z * z) / Math.cos(Math.sqrt(z)),
  },
  {
    name: "erfNear32",
    about: "erf(x)/x − 1 in z = x², |x| ≤ 1; error relative to erf x",
    interval: [0, 1],
    degree: 6,
    single: true,
    target: (z) => (z === 0 ? 2 / Math.sqrt(Math.PI) : erf(Math.sqrt(z)) / Math.sqrt(z)) - 1,
    weight: (z) => (z === 0 ? 1 : Math.sqrt(z) / erf(Math.sqrt(z))),
  },
  {
    name: "erfcLog32",
    about: "−log(erfc x) in x, 1 ≤ x ≤ 3.95; error relative to erf x",
    interval: [1, 3.95],
    degree: 7,
    single: true,
    target: (x) => -logErfc(x),
    weight: (x) => Math.exp(logErfc(x)) / erf(x),
  },
];

const lines = fits.map((f) => {
  const { coefficients, error } = fit(f);
  const list = coefficients.map((c) => `  ${c},\n`).join("");
  return `/** ${f.about} (fit: ${error.toExponential(1)}). Lowest power first. */\nexport const ${f.name}: readonly number[] = [\n${list}];\n`;
});
console.log(
  `/** Written by scripts/fit-polynomials.ts, which says how: change it there. The errors are the fits' own, without rounding. */\n\n${lines.join("\n")}`,
);
