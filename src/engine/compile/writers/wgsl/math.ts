/**
 * The elementary functions in WGSL, whose own are bounded too loosely (exp to 3 + 2·|x| units in the last place, sin to
 * 2⁻¹¹). The methods and polynomials are those of the WebAssembly writer (`../wasm/math/`), except where that one computes
 * in float64, and where it relies on a sum's rounding: compilers for GPUs may change the order of sums.
 */
import type { PolynomialPrimitive } from "../../../graph/primitives.ts";
import { cosTail32, erfcLog32, erfNear32, sinTail32 } from "../coefficients.ts";
import { float32 as format } from "../float-format.ts";
import { literal } from "./types.ts";

/** Functions that a program's text may need; `random` brings its own. */
export type MathName = PolynomialPrimitive;

const num = (value: number): string => literal("float32", value);
const [ln2High, ln2Low] = format.ln2;

/** Σ c_k x^k by Horner's rule. */
const polynomial = (x: string, c: readonly number[]): string =>
  c.slice(0, -1).reduceRight((inner, ck) => `fma(${inner}, ${x}, ${num(ck)})`, num(c[c.length - 1]!));

/** x = n·ln2 + r with |r| ≤ ln2/2. */
const reduceExp = `let n = round(x * ${num(Math.LOG2E)});
  let r = fma(n, ${num(-ln2Low)}, fma(n, ${num(-ln2High)}, x));`;
const expm1OfRest = `fma(${polynomial("r", [0.5, ...format.expTail])}, r * r, r)`;

const common = `fn power2(n: i32) -> f32 { return bitcast<f32>(u32(n + 127) << 23u); }
fn with_sign(value: f32, x: f32) -> f32 { return bitcast<f32>((bitcast<u32>(value) & 0x7fffffffu) | (bitcast<u32>(x) & 0x80000000u)); }
`;

/** Infinite arguments give no infinite r: they are clamped before. NaN passes through. */
const exp = `fn exp_f(argument: f32) -> f32 {
  if (is_nan(argument)) { return argument; }
  let x = clamp(argument, ${num(format.expRange[0])}, ${num(format.expRange[1])});
  ${reduceExp}
  let e = ${polynomial("r", [1, 1, 0.5, ...format.expTail])};
  let k = i32(n); let half = k / 2; // 2^n in two factors, so that both are within range
  return e * power2(half) * power2(k - half);
}
`;

const expm1 = `fn expm1_f(argument: f32) -> f32 {
  if (is_nan(argument)) { return argument; }
  let x = clamp(argument, ${num(-format.saturated)}, ${num(format.expRange[1])});
  ${reduceExp}
  let p = power2(i32(n) - 1);
  let h = fma(${expm1OfRest}, p, p - 0.5f);
  return with_sign(h + h, argument);
}
`;

/** (e^{2|x|} − 1) / (e^{2|x|} + 1), through e^{−2|x|} − 1, which can't overflow. */
const tanh = `fn tanh_f(argument: f32) -> f32 {
  if (is_nan(argument)) { return argument; }
  let x = max(-2.0f * abs(argument), ${num(-format.saturated)});
  ${reduceExp}
  let p = power2(i32(n));
  let e = fma(${expm1OfRest}, p, p - 1.0f);
  return with_sign(e / (e + 2.0f), argument);
}
`;

const sigmoid = `fn sigmoid_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  return 1.0f / (1.0f + exp_f(clamp(-x, -100.0f, 88.5f)));
}
`;

/** log u for u = 2^e·(1 + g), positive and finite. */
const logParts = `fn log_parts(e: f32, g: f32) -> f32 {
  let q = g * g;
  let w = fma(${polynomial("g", format.logTail)} * g, q, e * ${num(ln2Low)});
  return fma(e, ${num(ln2High)}, fma(q, -0.5f, w) + g);
}
fn log_positive(x: f32) -> f32 {
  let small = x < ${num(format.minNormal)};
  let s = bitcast<u32>(select(x, x * 0x1p25f, small)) + (0x3f800000u - 0x${format.rootHalf.toString(16)}u);
  let e = f32(i32(s >> 23u) - 127 - select(0, 25, small));
  let g = bitcast<f32>((s & 0x7fffffu) + 0x${format.rootHalf.toString(16)}u) - 1.0f;
  return log_parts(e, g);
}
fn log_any(x: f32) -> f32 {
  if (is_nan(x) || x < 0.0f) { return bitcast<f32>(nan_bits); }
  if (x == 0.0f) { return bitcast<f32>(minus_inf_bits); }
  if (is_inf(x)) { return x; }
  return log_positive(x);
}
`;
const log = `fn log_f(x: f32) -> f32 { return log_any(x); }
`;
/** Near 0 the rounding of 1 + x would count: there the polynomial takes x itself. */
const log1p = `fn log1p_f(x: f32) -> f32 {
  if (x > -0.29f && x < 0.41f) { return with_sign(log_parts(0.0f, x), x); }
  return log_any(1.0f + x);
}
`;

/** π/2 in parts of 8 bits: n times one is exact up to n = 2¹⁶, which is |x| = 10⁵. */
const halfPiParts = ((): number[] => {
  const parts: number[] = [];
  let rest = Math.PI / 2;
  for (const bits of [7, 15, 23]) {
    const part = Math.floor(rest * 2 ** bits) / 2 ** bits;
    parts.push(part);
    rest -= part;
  }
  return [...parts, rest];
})();

/** 2/π = 0.a₀a₁a₂… in words of 32 bits (OEIS A060294). */
const twoOverPi = [0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab];

/**
 * x modulo π/2 as the rest and the quadrant. Large arguments: the bits of 2/π that matter times the 24 bits of x, as Payne
 * and Hanek (1983) do it.
 */
const quadrant = `struct Quadrant { rest: f32, turns: u32 }
const two_over_pi = array<u32, ${twoOverPi.length}>(${twoOverPi.map((w) => `0x${w.toString(16)}u`).join(", ")});
fn high_product(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let low = al * bl; let t = ah * bl + (low >> 16u); let u = al * bh + (t & 0xffffu);
  return ah * bh + (t >> 16u) + (u >> 16u);
}
fn large_quadrant(x: f32) -> Quadrant {
  let bits = bitcast<u32>(x);
  let exponent = i32((bits >> 23u) & 0xffu) - 150; // |x| = mantissa·2^exponent
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  // bits of 2/π before this one give whole turns
  let first = u32(max(exponent - 2, 0)); let skip = first & 31u; let word = first >> 5u;
  var w = array<u32, 3>(0u, 0u, 0u);
  for (var i = 0u; i < 3u; i++) {
    let a = two_over_pi[word + i]; let b = two_over_pi[word + i + 1u];
    w[i] = select((a << skip) | (b >> ((32u - skip) & 31u)), a, skip == 0u);
  }
  // mantissa times w: whole, and two words behind the point
  let low1 = mantissa * w[1]; let p1 = low1 + high_product(mantissa, w[2]); let carry1 = select(0u, 1u, p1 < low1);
  let low0 = mantissa * w[0]; let p0 = low0 + high_product(mantissa, w[1]) + carry1;
  let whole = high_product(mantissa, w[0]) + select(0u, 1u, p0 < low0);
  // a quarter of x·2/π behind the point: two bits of quadrant, then the rest
  let right = u32(max(2 - exponent, 0)); let left = (32u - right) & 31u;
  let top = select((whole << left) | (p0 >> right), p0, right == 0u);
  let next = select((p0 << left) | (p1 >> right), p1, right == 0u);
  let fraction = (top << 2u) | (next >> 30u);
  let up = fraction >= 0x80000000u;
  let turns = (top >> 30u) + select(0u, 1u, up);
  let rest = select(f32(fraction), -f32(~fraction), up) * ${num((Math.PI / 2) * 2 ** -32)};
  if (bits >= 0x80000000u) { return Quadrant(-rest, (4u - turns) & 3u); }
  return Quadrant(rest, turns & 3u);
}
fn quadrant(x: f32) -> Quadrant {
  if (abs(x) > 1e5f) { return large_quadrant(x); }
  let n = round(x * ${num(2 / Math.PI)});
  let rest = ${halfPiParts.reduce((x, part) => `fma(n, ${num(-part)}, ${x})`, "x")};
  return Quadrant(rest, bitcast<u32>(i32(n)) & 3u);
}
fn circular(x: f32, turn: u32) -> f32 {
  let q = quadrant(x); let turns = q.turns + turn; let r = q.rest; let z = r * r;
  let c = ${polynomial("z", [1, -0.5, ...cosTail32])};
  let s = fma(${polynomial("z", sinTail32)} * z, r, r);
  let y = select(s, c, (turns & 1u) == 1u);
  return select(y, -y, (turns & 2u) == 2u);
}
`;
const circular = (name: "sin" | "cos", turn: 0 | 1): string => `fn ${name}_f(x: f32) -> f32 {
  if (is_nan(x) || is_inf(x)) { return bitcast<f32>(nan_bits); }
  ${name === "sin" ? "if (x == 0.0f) { return x; }\n  " : ""}return circular(x, ${turn}u);
}
`;

const erf = `fn erf_f(argument: f32) -> f32 {
  if (is_nan(argument)) { return argument; }
  let x = min(abs(argument), 3.95f); let z = x * x;
  if (x <= 1.0f) { return with_sign(fma(${polynomial("z", erfNear32)}, x, x), argument); }
  return with_sign(1.0f - exp_f(-(${polynomial("x", erfcLog32)})), argument);
}
`;

/** 1/ln 2 in its first 12 bits. */
const log2eHead = Math.floor(Math.LOG2E * 2 ** 11) / 2 ** 11;

/**
 * |x|^y = 2^(y·log₂|x|). The logarithm is kept in two parts of which the first has 12 bits, and y in two likewise: the
 * product's whole part is exact. ECMAScript's special values: x^0 is 1, 1^±∞ is NaN.
 */
const pow = `fn head(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }
fn pow_f(x: f32, y: f32) -> f32 {
  if (y == 0.0f) { return 1.0f; }
  if (is_nan(x) || is_nan(y)) { return bitcast<f32>(nan_bits); }
  let a = abs(x);
  if (is_inf(y) && a == 1.0f) { return bitcast<f32>(nan_bits); }
  let whole = floor(y) == y; let half = y * 0.5f; let odd = whole && floor(half) != half;
  if (x < 0.0f && !is_inf(x) && !whole && !is_inf(y)) { return bitcast<f32>(nan_bits); }
  var r = 0.0f;
  if (a == 0.0f || is_inf(a) || is_inf(y)) {
    let grows = (a > 1.0f) == (y > 0.0f);
    r = select(0.0f, bitcast<f32>(inf_bits), grows);
  } else { r = power_of_positive(a, y); }
  return select(r, -r, odd && bitcast<u32>(x) >= 0x80000000u);
}
fn power_of_positive(a: f32, given: f32) -> f32 {
  let y = clamp(given, -1e10f, 1e10f); // beyond, only 1 has a power that is neither 0 nor infinite
  let small = a < ${num(format.minNormal)};
  let s = bitcast<u32>(select(a, a * 0x1p25f, small)) + (0x3f800000u - 0x${format.rootHalf.toString(16)}u);
  let e = f32(i32(s >> 23u) - 127 - select(0, 25, small));
  let g = bitcast<f32>((s & 0x7fffffu) + 0x${format.rootHalf.toString(16)}u) - 1.0f;
  // log(1 + g) = g + tail: g is exact, and so are the products of its parts with those of 1/ln 2
  let q = g * g;
  let square_high = head(g) * head(g);
  let square_low = (g - head(g)) * (g + head(g));
  let cube = ${polynomial("g", format.logTail)} * g * q;
  // log(1 + g) = (g − square_high/2) + (cube − square_low/2), the first in its two parts
  let first = head(g - 0.5f * square_high);
  let rest = ((g - first) - 0.5f * square_high) + (cube - 0.5f * square_low);
  // in units of log₂
  let one_over_ln2 = ${num(Math.LOG2E)}; let one_head = ${num(log2eHead)}; let one_rest = ${num(Math.LOG2E - log2eHead)};
  let l = first * one_head; // 12 bits times 12 bits
  let l_rest = first * one_rest + rest * one_over_ln2;
  // y·(e + l + l_rest)
  let y_head = head(y); let y_rest = y - y_head;
  let big = e + l; let sum_head = head(big); let sum_rest = (e - sum_head) + l + l_rest;
  let exponent = y_head * sum_head;
  let further = y_head * sum_rest + y_rest * (sum_head + sum_rest);
  let total = exponent + further;
  if (total >= 129.0f) { return bitcast<f32>(inf_bits); }
  if (total <= -152.0f) { return 0.0f; }
  let n = round(exponent + further);
  let r = ((exponent - n) + further) * ${num(Math.LN2)};
  let p = ${polynomial("r", [1, 1, 0.5, ...format.expTail])};
  let k = i32(n); let half = k / 2;
  return p * power2(half) * power2(k - half);
}
`;

type Text = { readonly needs?: readonly string[]; readonly text: string };
const texts: Readonly<Record<MathName | "log_parts" | "quadrant" | "common", Text>> = {
  common: { text: common },
  log_parts: { text: logParts },
  quadrant: { text: quadrant },
  exp: { needs: ["common"], text: exp },
  expm1: { needs: ["common"], text: expm1 },
  tanh: { needs: ["common"], text: tanh },
  sigmoid: { needs: ["exp"], text: sigmoid },
  log: { needs: ["log_parts"], text: log },
  log1p: { needs: ["common", "log_parts"], text: log1p },
  sin: { needs: ["quadrant"], text: circular("sin", 0) },
  cos: { needs: ["quadrant"], text: circular("cos", 1) },
  erf: { needs: ["exp"], text: erf },
  pow: { needs: ["common"], text: pow },
};

/** The texts of these functions and of what they call, each once, in order. */
export function mathText(names: Iterable<MathName>): string {
  const out = new Map<string, string>();
  const add = (name: string): void => {
    if (out.has(name)) return;
    const { needs, text } = texts[name as MathName];
    needs?.forEach(add);
    out.set(name, text);
  };
  for (const name of names) add(name);
  return [...out.values()].join("");
}
