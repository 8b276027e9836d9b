/**
 * The elementary functions as C, one text for each: the methods, constants and bounds are those of the WebAssembly writer's
 * (`../wasm/math/`), whose comments say where they come from. A lane's result doesn't depend on its neighbours.
 */
import type { PolynomialPrimitive } from "../../../graph/primitives.ts";
import { cosTail32, erfcLog32, erfNear32, sinTail32 } from "../coefficients.ts";
import { type FloatFormat, float32, float64, halfPi } from "../float-format.ts";
import { literal } from "./types.ts";

type FloatTag = "F" | "D";

/** A float format in C's words. */
interface Format extends FloatFormat {
  readonly tag: FloatTag;
  /** Vector of floats, of signed and of unsigned integers of the same width. */
  readonly v: string;
  readonly i: string;
  readonly u: string;
  /** Bits as signed integers: of the sign, of √½ and of 1. */
  readonly sign: string;
  readonly half: string;
  readonly one: string;
}

const bits = ({ fraction, bias, rootHalf }: FloatFormat, suffix: string): Pick<Format, "half" | "one"> => ({
  half: `0x${rootHalf.toString(16)}${suffix}`,
  one: `0x${(BigInt(bias) << BigInt(fraction)).toString(16)}${suffix}`,
});
const single: Format = {
  ...float32,
  ...bits(float32, ""),
  tag: "F",
  v: "vf32",
  i: "vi32",
  u: "vu32",
  sign: "(-2147483647 - 1)",
};
const double: Format = {
  ...float64,
  ...bits(float64, "ll"),
  tag: "D",
  v: "vf64",
  i: "vi64",
  u: "vu64",
  sign: "(-9223372036854775807ll - 1)",
};

const num = (f: Format, value: number): string => literal(f.tag === "F" ? "float32" : "float64", value);
const splat = (f: Format, value: number): string => `splat_${f.tag}(${num(f, value)})`;

/** Σ c_k x^k by Horner's rule. */
const polynomial = (f: Format, x: string, c: readonly number[]): string =>
  c
    .slice(0, -1)
    .reduceRight((inner, ck) => `fma_${f.tag}(${inner}, ${x}, ${splat(f, ck)})`, splat(f, c[c.length - 1]!));

const withSign = (f: Format, value: string, x: string): string =>
  `(${f.v})(((${f.i})(${value}) & ~${f.sign}) | ((${f.i})${x} & ${f.sign}))`;

/** x = sign·(n·ln2 + r): the low bits of `t` are n + shift, and `r` is sign·r. */
const reduce = (f: Format, shift: number, sign: 1 | -1 = 1): string => {
  const magic = f.magic + shift;
  const s = f.tag;
  return `${f.v} t = fma_${s}(x, ${splat(f, sign * Math.LOG2E)}, ${splat(f, magic)}), n = t - ${num(f, magic)};
  ${f.v} r = fma_${s}(n, ${splat(f, -sign * f.ln2[0])}, x); r = fma_${s}(n, ${splat(f, -sign * f.ln2[1])}, r);`;
};
/** 2^(low bits of t − bias). */
const power = (f: Format, bits: string): string => `(${f.v})((${f.u})(${bits}) << ${f.fraction})`;
const expm1OfRest = (f: Format): string =>
  `fma_${f.tag}(${polynomial(f, "r", [0.5, ...f.expTail])}, r * r, r)`;
const clamp = (f: Format, low: number | null, high: number | null): string =>
  [
    high === null ? "" : `x = atmost_${f.tag}(x, ${splat(f, high)});`,
    low === null ? "" : `x = atleast_${f.tag}(x, ${splat(f, low)});`,
  ].join(" ");

const define = (f: Format, name: string, body: string): string =>
  `INLINE ${f.v} ${name}_${f.tag}(${f.v} x) {\n  ${body}\n}\n`;

const exp = (f: Format): string =>
  define(
    f,
    "exp",
    `${clamp(f, ...f.expRange)}
  ${reduce(f, 2 * f.bias)}
  ${f.v} e = ${polynomial(f, "r", [1, 1, 0.5, ...f.expTail])};
  ${f.u} half = (${f.u})t >> 1; /* 2^n in two factors, so that both are within range */
  return e * ${power(f, "half")} * ${power(f, `(${f.u})t - half`)};`,
  );

const expm1 = (f: Format): string =>
  define(
    f,
    "expm1",
    `${f.v} argument = x; ${clamp(f, -f.saturated, f.expRange[1])}
  ${reduce(f, f.bias - 1)}
  ${f.v} p = ${power(f, "t")}; /* half of the result */
  ${f.v} h = fma_${f.tag}(${expm1OfRest(f)}, p, p - ${num(f, 0.5)});
  return ${withSign(f, "h + h", "argument")};`,
  );

const tanh = (f: Format): string =>
  define(
    f,
    "tanh",
    `${f.v} argument = x; x = (${f.v})((${f.i})x | ${f.sign}); x = x + x; ${clamp(f, -f.saturated, null)}
  ${reduce(f, f.bias)}
  ${f.v} p = ${power(f, "t")}, m = fma_${f.tag}(${expm1OfRest(f)}, p, p - ${num(f, 1)});
  return ${withSign(f, `m / (m + ${num(f, 2)})`, "argument")};`,
  );

/** e^{−x}; only normal numbers, in halves that are added. */
const expOfNegative = (f: Format): string =>
  define(
    f,
    "expneg",
    `${clamp(f, -f.expRange[1], f.normal)}
  ${reduce(f, f.bias - 1, -1)}
  ${f.v} h = ${polynomial(
    f,
    "r",
    [1, 1, 0.5, ...f.expTail].map((c, k) => (k % 2 === 0 ? c : -c)),
  )} * ${power(f, "t")};
  return h + h;`,
  );

/**
 * With AVX-512 an estimate of 14 bits and a step of Newton's take a third of a division. They are made of u = (1 + e^{−x})·2^−32,
 * whose reciprocal is a normal number too.
 */
const sigmoid32 = `#if defined(__AVX512F__) && W == 64 && !defined(__clang__)
INLINE vf32 sigmoid_F(vf32 x) {
  vf32 e = expneg_F(x), u = fma_F(e, splat_F(0x1p-32f), splat_F(0x1p-32f));
  vf32 r = __builtin_ia32_rcp14ps512_mask(u, u, (unsigned short)-1);
  r = fma_F(r, fma_F(-u, r, splat_F(1.0f)), r) * 0x1p-32f;
  return sel_F(e > ${num(single, single.maxFinite)}, (vf32){}, r);
}
#else
${define(single, "sigmoid", "return 1.0f / (expneg_F(x) + 1.0f);")}#endif
`;
const sigmoid64 = define(double, "sigmoid", "return 1.0 / (expneg_D(x) + 1.0);");

/** u = 2^e·(1 + f): `e` as a float, `g` = f; the low bits of `biased` are e + bias. */
const split = (f: Format): string => `${f.i} s = (${f.i})u + (${f.one} - ${f.half});
  ${f.u} biased = (${f.u})s >> ${f.fraction};
  ${f.v} e = (${f.v})(biased | (${f.u})${splat(f, 2 ** f.fraction)}) - ${num(f, 2 ** f.fraction + f.bias)};
  ${f.v} g = (${f.v})((s & ${f.tag === "F" ? "0x7fffff" : "0xfffffffffffffll"}) + ${f.half}) - ${num(f, 1)};`;

/** e·ln2 + log(1 + g), in float32 with g² as given. */
function combine(f: Format, square = "g * g"): string {
  const [high, low] = f.ln2;
  if (f.tag === "F")
    return `vf32 q = ${square}, w = fma_F(${polynomial(f, "g", f.logTail)} * g, q, e * ${num(f, low)});
  vf32 y = fma_F(e, ${splat(f, high)}, fma_F(q, ${splat(f, -0.5)}, w) + g);`;
  return `vf64 half = g * g * 0.5, z = g / (g + 2.0), q = z * z;
  vf64 w = fma_D(fma_D(${polynomial(f, "q", f.logTail)}, q, half), z, e * ${num(f, low)});
  vf64 y = fma_D(e, ${splat(f, high)}, (w - half) + g);`;
}

/** 0 gives −∞, negative numbers NaN, ∞ and NaN themselves: what `mend` makes of a logarithm y of u. */
const mending = ((): string => {
  const plain = (f: Format): string => {
    const s = f.tag;
    return `INLINE ${f.v} mend_${s}(${f.v} y, ${f.v} u) {
  y = sel_${s}(u <= ${num(f, 0)}, sel_${s}(u == ${num(f, 0)}, ${splat(f, -Infinity)}, ${splat(f, Number.NaN)}), y);
  return sel_${s}(u <= ${num(f, f.maxFinite)}, y, u);
}
`;
  };
  // by kind of number, from the lowest digit on: NaN, signalling NaN, 0, 1, −∞, ∞, other negative and positive numbers
  return `#if defined(__AVX512F__) && W == 64 && !defined(__clang__)
INLINE vf32 mend_F(vf32 y, vf32 u) { return __builtin_ia32_fixupimmps512_mask(y, u, splat_I(0x03530421), 0, (unsigned short)-1, 4); }
#else
${plain(single)}#endif
${plain(double)}`;
})();

const log = (f: Format): string => {
  const lift = f.fraction + 2; // subnormals are scaled up
  return define(
    f,
    "log",
    `${f.i} small = x < ${num(f, f.minNormal)}; ${f.v} u = sel_${f.tag}(small, x * ${num(f, 2 ** lift)}, x);
  ${split(f)}
  e -= (${f.v})(small & (${f.i})${splat(f, lift)});
  ${combine(f)}
  return mend_${f.tag}(y, x);`,
  );
};

const log1p = (f: Format): string => {
  const s = f.tag;
  return define(
    f,
    "log1p",
    `${f.v} u = x + ${num(f, 1)};
  ${split(f)}
  ${f.v} lost = (atmost_${s}(x, ${splat(f, 1)}) - (u - atleast_${s}(x, ${splat(f, 1)}))) * ${num(f, 0.5)};
  g = fma_${s}(lost, (${f.v})((${2 * f.bias + 1} - biased) << ${f.fraction}), g);
  ${f.tag === "F" ? `vf32 some = sel_F(abs_F(g) > ${num(f, 2 ** -40)}, g, (vf32){}); /* where g³ is a normal number: others are slow */` : ""}
  ${combine(f, "some * some")}
  y = mend_${s}(y, u);
  return ${withSign(f, "y", "x")};`,
  );
};

const magic64 = num(double, double.magic);

/** r and the quadrant in float64 for half of the lanes. */
const quadrants = `INLINE vf64 quadrant_D(vf64 x, vf64 *t) {
  *t = fma_D(x, ${splat(double, 2 / Math.PI)}, ${splat(double, double.magic)}); vf64 n = *t - ${magic64};
  return fma_D(n, ${splat(double, -halfPi[1])}, fma_D(n, ${splat(double, -halfPi[0])}, x));
}
INLINE vi32 narrow_L(vi64 a, vi64 b) {
  typedef i32 half __attribute__((vector_size(W / 2)));
  half l = __builtin_convertvector(a, half), h = __builtin_convertvector(b, half); vi32 v;
  __builtin_memcpy(&v, &l, W / 2); __builtin_memcpy((char *)&v + W / 2, &h, W / 2); return v;
}
`;

const circular = (name: "sin" | "cos"): string =>
  define(
    single,
    name,
    `vf64 a, b; vf64 lo = quadrant_D(low_F(x), &a), hi = quadrant_D(high_F(x), &b);
  vf32 r = join_F(lo, hi), z = r * r; vi32 q = narrow_L((vi64)a, (vi64)b)${name === "cos" ? " + 1" : ""};
  vf32 c = ${polynomial(single, "z", [1, -0.5, ...cosTail32])};
  vf32 s = fma_F(${polynomial(single, "z", sinTail32)} * z, r, r);
  vf32 y = (vf32)((vi32)sel_F((q << 31) >> 31, c, s) ^ ((q & 2) << 30));
  ${name === "sin" ? "y = sel_F(x == 0.0f, x, y);" : ""}
  vi32 near = abs_F(x) <= 1e5f; /* beyond it, and for infinities, one lane at a time */
  for (int l = 0; l < LF; l++) if (!near[l]) y[l] = (f32)__builtin_${name}((f64)x[l]);
  return y;`,
  );

const erf = define(
  single,
  "erf",
  `vf32 argument = x; x = atmost_F(abs_F(x), ${splat(single, 3.95)}); vf32 z = x * x;
  vf32 near = fma_F(${polynomial(single, "z", erfNear32)}, x, x);
  vf32 far = 1.0f - expneg_F(${polynomial(single, "x", erfcLog32)});
  return ${withSign(single, "sel_F(x <= 1.0f, near, far)", "argument")};`,
);

const pow = `INLINE vf32 pow_F(vf32 x, vf32 y) {
  vf32 a = abs_F(x), r = join_F(exp_D(log_D(low_F(a)) * low_F(y)), exp_D(log_D(high_F(a)) * high_F(y)));
  vi32 whole = floor_F(y) == y, odd = whole & ~(floor_F(y * 0.5f) == y * 0.5f);
  r = (vf32)((vi32)r | (odd & (vi32)x & ${single.sign}));
  r = sel_F((x < 0.0f) & (x >= ${num(single, -single.maxFinite)}) & ~whole, ${splat(single, Number.NaN)}, r);
  return sel_F(y == 0.0f, ${splat(single, 1)}, r);
}
`;

/** float64's rarer functions are libm's, a lane at a time. */
const perLane = (name: "sin" | "cos" | "erf"): string =>
  `INLINE f64 ${name}_d(f64 x) { return __builtin_${name}(x); }
${define(double, name, `for (int l = 0; l < LD; l++) x[l] = ${name}_d(x[l]);\n  return x;`)}`;
/** pow(1, NaN) and pow(−1, ±∞) are NaN as in ECMAScript, where C says 1. */
const pow64 = `INLINE f64 pow_d(f64 b, f64 e) {
  return e != e || ((b == 1 || b == -1) && (e - e != 0)) ? __builtin_nan("") : __builtin_pow(b, e);
}
INLINE vf64 pow_D(vf64 x, vf64 y) {
  for (int l = 0; l < LD; l++) x[l] = pow_d(x[l], y[l]);
  return x;
}
`;

type Text = { readonly needs?: readonly string[]; readonly text: string };
const texts: Readonly<Record<string, Text>> = {
  exp_F: { text: exp(single) },
  exp_D: { text: exp(double) },
  expm1_F: { text: expm1(single) },
  expm1_D: { text: expm1(double) },
  tanh_F: { text: tanh(single) },
  tanh_D: { text: tanh(double) },
  expneg_F: { text: expOfNegative(single) },
  expneg_D: { text: expOfNegative(double) },
  sigmoid_F: { needs: ["expneg_F"], text: sigmoid32 },
  sigmoid_D: { needs: ["expneg_D"], text: sigmoid64 },
  mending: { text: mending },
  log_F: { needs: ["mending"], text: log(single) },
  log_D: { needs: ["mending"], text: log(double) },
  log1p_F: { needs: ["mending"], text: log1p(single) },
  log1p_D: { needs: ["mending"], text: log1p(double) },
  quadrants: { text: quadrants },
  sin_F: { needs: ["quadrants"], text: circular("sin") },
  cos_F: { needs: ["quadrants"], text: circular("cos") },
  erf_F: { needs: ["expneg_F"], text: erf },
  pow_F: { needs: ["log_D", "exp_D"], text: pow },
  sin_D: { text: perLane("sin") },
  cos_D: { text: perLane("cos") },
  erf_D: { text: perLane("erf") },
  pow_D: { text: pow64 },
};

/** float64's functions that are libm's, which a single element calls once, as pow_d. */
export const oneByOne: ReadonlySet<PolynomialPrimitive> = new Set(["sin", "cos", "erf", "pow"]);

/** The texts of these functions of vectors and of what they call, each once, in order. */
export function mathText(names: Iterable<`${PolynomialPrimitive}_${FloatTag}`>): string {
  const out = new Map<string, string>();
  const add = (name: string): void => {
    if (out.has(name)) return;
    const found = texts[name]!;
    found.needs?.forEach(add);
    out.set(name, found.text);
  };
  for (const name of names) add(name);
  return [...out.values()].join("");
}
