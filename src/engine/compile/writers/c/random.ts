/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", table 2) in C: the
 * same function as src/random, and the maps to uniforms and normals of rules/scalar.ts.
 */
import { PARITY, ROTATIONS } from "../../../../random/threefry.ts";
import type { MathName } from "./expression.ts";

const rounds = Array.from({ length: 20 }, (_, round) => {
  const r = ROTATIONS[round % 8]!;
  const mix = `x0 += x1; x1 = (x1 << ${r}) | (x1 >> ${32 - r}); x1 ^= x0;`;
  if (round % 4 !== 3) return mix;
  const injection = (round + 1) / 4;
  return `${mix} x0 += k[${injection % 3}]; x1 += k[${(injection + 1) % 3}] + ${injection}u;`;
}).join("\n  ");

const words = (
  name: string,
  int: string,
  word: string,
): string => `INLINE void ${name}(${int} k0, ${int} k1, ${int} counter, ${word} *a, ${word} *b) {
  ${word} k[3] = {(${word})k0, (${word})k1, (${word})k0 ^ (${word})k1 ^ ${PARITY}u}, x0 = (${word})counter + k[0], x1 = k[1];
  ${rounds}
  *a = x0; *b = x1;
}
`;

const single = `INLINE vf32 unit_F(vu32 x) { return __builtin_convertvector((vi32)(x >> 8), vf32) * 0x1p-24f; }
INLINE vf32 uniform_F(vi32 k0, vi32 k1, vi32 n) { vu32 a, b; words_F(k0, k1, n, &a, &b); return unit_F(a); }
INLINE f32 uniform_f(i32 k0, i32 k1, i32 n) { u32 a, b; words_f(k0, k1, n, &a, &b); return (f32)(i32)(a >> 8) * 0x1p-24f; }
`;
const singleNormal = `INLINE vf32 normal_F(vi32 k0, vi32 k1, vi32 n) {
  vu32 a, b; words_F(k0, k1, n, &a, &b);
  return sqrt_F(log_F(unit_F(a) + 0x1p-24f) * -2.0f) * cos_F(unit_F(b) * ${Math.fround(2 * Math.PI)}f);
}
INLINE f32 normal_f(i32 k0, i32 k1, i32 n) { return normal_F(splat_I(k0), splat_I(k1), splat_I(n))[0]; }
`;
const double = `INLINE f64 uniform_d(i32 k0, i32 k1, i32 n) { u32 a, b; words_f(k0, k1, n, &a, &b); return (a >> 5) * 0x1p-27 + (b >> 6) * 0x1p-53; }
`;
const doubleNormal = `INLINE f64 normal_d(i32 k0, i32 k1, i32 n) {
  u32 a, b; words_f(k0, k1, n, &a, &b);
  return sqrt_d(-2.0 * log_D(splat_D((a >> 8) * 0x1p-24 + 0x1p-24))[0]) * cos_D(splat_D((b >> 8) * 0x1p-24 * ${2 * Math.PI}))[0];
}
`;

/** Text for the generators; `math` says which elementary functions the program defines. */
export function randomText(math: ReadonlySet<MathName>): string {
  const has = (...names: MathName[]): boolean => names.every((n) => math.has(n));
  return [
    words("words_F", "vi32", "vu32"),
    words("words_f", "i32", "u32"),
    single,
    has("log_F", "cos_F") ? singleNormal : "",
    double,
    has("log_D", "cos_D") ? doubleNormal : "",
  ].join("");
}
