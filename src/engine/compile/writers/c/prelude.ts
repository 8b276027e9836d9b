/** What every program's C source begins with: types, and the few vector operations that C has no operator for. */

/** Bytes of the machine's vectors that the source is written for. */
export type VectorBytes = 16 | 32 | 64;

/** Lines common to the runtime and to programs. */
export const scalarTypes = `typedef float f32;
typedef double f64;
typedef int i32;
typedef unsigned u32;
typedef long long i64;
typedef unsigned long long u64;
#define INLINE static inline __attribute__((always_inline))
/* one copy, which saves half the time of compiling */
#if defined(__clang__)
#define APART static __attribute__((noinline))
#else
#define APART static __attribute__((noinline, noclone))
#endif
`;

/**
 * Multiply-add with one rounding. Compilers write it for vectors only when they may join any product with any sum, which
 * would change numbers elsewhere; so it is asked for by name.
 */
const multiplyAdd = `#if defined(__clang__)
INLINE vf32 fma_F(vf32 a, vf32 b, vf32 c) {
#pragma clang fp contract(fast)
  return a * b + c;
}
INLINE vf64 fma_D(vf64 a, vf64 b, vf64 c) {
#pragma clang fp contract(fast)
  return a * b + c;
}
#elif defined(__AVX512F__) && W == 64
INLINE vf32 fma_F(vf32 a, vf32 b, vf32 c) { return __builtin_ia32_vfmaddps512_mask(a, b, c, (unsigned short)-1, 4); }
INLINE vf64 fma_D(vf64 a, vf64 b, vf64 c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, (unsigned char)-1, 4); }
#elif defined(__FMA__) && W == 32
INLINE vf32 fma_F(vf32 a, vf32 b, vf32 c) { return __builtin_ia32_vfmaddps256(a, b, c); }
INLINE vf64 fma_D(vf64 a, vf64 b, vf64 c) { return __builtin_ia32_vfmaddpd256(a, b, c); }
#else
INLINE vf32 fma_F(vf32 a, vf32 b, vf32 c) { return a * b + c; }
INLINE vf64 fma_D(vf64 a, vf64 b, vf64 c) { return a * b + c; }
#endif
`;

const squareRoot = `#if defined(__AVX512F__) && W == 64 && !defined(__clang__)
INLINE vf32 sqrt_F(vf32 a) { return __builtin_ia32_sqrtps512_mask(a, a, (unsigned short)-1, 4); }
INLINE vf64 sqrt_D(vf64 a) { return __builtin_ia32_sqrtpd512_mask(a, a, (unsigned char)-1, 4); }
#elif defined(__AVX__) && W == 32
INLINE vf32 sqrt_F(vf32 a) { return __builtin_ia32_sqrtps256(a); }
INLINE vf64 sqrt_D(vf64 a) { return __builtin_ia32_sqrtpd256(a); }
#else
INLINE vf32 sqrt_F(vf32 a) { for (int l = 0; l < LF; l++) a[l] = __builtin_sqrtf(a[l]); return a; }
INLINE vf64 sqrt_D(vf64 a) { for (int l = 0; l < LD; l++) a[l] = __builtin_sqrt(a[l]); return a; }
#endif
`;

export const vectorTypes = (bytes: VectorBytes): string => `#define W ${bytes}
#define LF ${bytes / 4}
#define LD ${bytes / 8}
typedef f32 vf32 __attribute__((vector_size(W)));
typedef f64 vf64 __attribute__((vector_size(W)));
typedef i32 vi32 __attribute__((vector_size(W)));
typedef u32 vu32 __attribute__((vector_size(W)));
typedef i64 vi64 __attribute__((vector_size(W)));
typedef u64 vu64 __attribute__((vector_size(W)));
typedef f32 hf32 __attribute__((vector_size(W / 2)));
${multiplyAdd}`;

/**
 * Every second, third or fourth element, out of whole vectors: `SHUFFLE` picks lanes of two. gt3_F gives the elements 0, 3, 6 …,
 * split3_F those, 1, 4, 7 … and 2, 5, 8 … out of three vectors that are loaded once.
 */
function everyFew(bytes: VectorBytes): string {
  const define = (tag: "F" | "D" | "I", type: string, size: 4 | 8, step: 2 | 3 | 4): string => {
    const lanes = bytes / size;
    const index = size === 8 ? "vi64" : "vi32";
    const mask = (pick: (lane: number) => number): string =>
      `(${index}){${Array.from({ length: lanes }, (_, l) => pick(l)).join(", ")}}`;
    const every = (first: number): string => {
      const pair = (v: number): string =>
        `SHUFFLE(v${v}, v${v + 1}, ${mask((l) => (first + step * l) % (2 * lanes))})`;
      if (step === 2) return pair(0);
      // lanes up to `edge` come out of the first two vectors, the others out of what follows
      const edge = Math.ceil((2 * lanes - first) / step);
      return step === 3
        ? `SHUFFLE(${pair(0)}, v2, ${mask((l) => (l < edge ? l : lanes + first + step * l - 2 * lanes))})`
        : `SHUFFLE(${pair(0)}, ${pair(2)}, ${mask((l) => (l < edge ? l : lanes + l))})`;
    };
    const vectors = Array.from({ length: step }, (_, v) => v);
    const loaded = `const ${type} ${vectors.map((v) => `v${v} = ld_${tag}(p + ${v * bytes}, ${lanes})`).join(", ")};`;
    return `INLINE ${type} gt${step}_${tag}(const char *p) { ${loaded} return ${every(0)}; }
INLINE void split${step}_${tag}(const char *p, ${type} *o) { ${loaded} ${vectors.map((v) => `o[${v}] = ${every(v)};`).join(" ")} }
`;
  };
  const all = ([2, 3, 4] as const).flatMap((s) => [
    define("F", "vf32", 4, s),
    define("I", "vi32", 4, s),
    define("D", "vf64", 8, s),
  ]);
  return `${shuffle}${all.join("")}${[2, 4].map((n) => againAndAgain(bytes / 4, n)).join("")}`;
}

/** Each of a vector's first elements `times` times, and the first `times` elements again and again. */
function againAndAgain(lanes: number, times: number): string {
  const define = (name: string, tag: "F" | "I", pick: (lane: number) => number): string => {
    const type = tag === "F" ? "vf32" : "vi32";
    const mask = `(vi32){${Array.from({ length: lanes }, (_, l) => pick(l)).join(", ")}}`;
    return `INLINE ${type} ${name}${times}_${tag}(const char *p) { const ${type} v = ld_${tag}(p, ${lanes}); return SHUFFLE(v, v, ${mask}); }\n`;
  };
  return (["F", "I"] as const)
    .map((tag) => define("held", tag, (l) => Math.floor(l / times)) + define("cycle", tag, (l) => l % times))
    .join("");
}

/** Lanes of two vectors by number, the second's from the number of lanes on. */
export const shuffle: string = `#if defined(__clang__)
/* clang's own wants constants; lanes one by one are found again by its optimiser */
#define SHUFFLE(x, y, ...) ({ __typeof__(x) u_ = (x), v_ = (y), o_; __typeof__(__VA_ARGS__) m_ = __VA_ARGS__; const int L_ = sizeof u_ / sizeof u_[0]; \\
  for (int l_ = 0; l_ < L_; l_++) o_[l_] = m_[l_] < L_ ? u_[m_[l_]] : v_[m_[l_] - L_]; o_; })
#else
#define SHUFFLE(x, y, ...) __builtin_shuffle(x, y, __VA_ARGS__)
#endif
`;

/** Loads and stores of elements, and of lanes side by side or apart. */
export const access = `INLINE f32 ld_f(const char *p) { f32 v; __builtin_memcpy(&v, p, 4); return v; }
INLINE f64 ld_d(const char *p) { f64 v; __builtin_memcpy(&v, p, 8); return v; }
INLINE i32 ld_i(const char *p) { i32 v; __builtin_memcpy(&v, p, 4); return v; }
INLINE void st_f(char *p, f32 v) { __builtin_memcpy(p, &v, 4); }
INLINE void st_d(char *p, f64 v) { __builtin_memcpy(p, &v, 8); }
INLINE void st_i(char *p, i32 v) { __builtin_memcpy(p, &v, 4); }
INLINE vf32 splat_F(f32 x) { return x - (vf32){}; }
INLINE vf64 splat_D(f64 x) { return x - (vf64){}; }
INLINE vi32 splat_I(i32 x) { return x - (vi32){}; }
INLINE vi64 splat_L(i64 x) { return x - (vi64){}; }
/* n lanes that lie side by side; the others are 0. With AVX-512 by a mask: through memory it stalls. */
#if defined(__AVX512F__) && W == 64 && !defined(__clang__)
#define PART_LD(T, p, v, n) part_ld_##T(p, n)
#define PART_ST(T, p, v, n) part_st_##T(p, v, n)
INLINE vf32 part_ld_F(const char *p, int n) { return __builtin_ia32_loadups512_mask((const f32 *)p, (vf32){}, (unsigned short)((1u << n) - 1)); }
INLINE void part_st_F(char *p, vf32 v, int n) { __builtin_ia32_storeups512_mask((f32 *)p, v, (unsigned short)((1u << n) - 1)); }
INLINE vi32 part_ld_I(const char *p, int n) { return (vi32)part_ld_F(p, n); }
INLINE void part_st_I(char *p, vi32 v, int n) { part_st_F(p, (vf32)v, n); }
INLINE vf64 part_ld_D(const char *p, int n) { return __builtin_ia32_loadupd512_mask((const f64 *)p, (vf64){}, (unsigned char)((1u << n) - 1)); }
INLINE void part_st_D(char *p, vf64 v, int n) { __builtin_ia32_storeupd512_mask((f64 *)p, v, (unsigned char)((1u << n) - 1)); }
#else
#define PART_LD(T, p, v, n) (__builtin_memcpy(&v, p, n * sizeof v[0]), v)
#define PART_ST(T, p, v, n) __builtin_memcpy(p, &v, n * sizeof v[0])
#endif
#define LOAD(T, V, L) \\
INLINE V ld_##T(const char *p, int n) { V v = {}; if (n == L) { __builtin_memcpy(&v, p, W); return v; } return PART_LD(T, p, v, n); } \\
INLINE void st_##T(char *p, V v, int n) { if (n == L) __builtin_memcpy(p, &v, W); else PART_ST(T, p, v, n); } \\
INLINE V gt_##T(const char *p, i64 step, int n) { \\
  V v = {}; for (int l = 0; l < n; l++) __builtin_memcpy((char *)&v + l * (W / L), p + l * step, W / L); return v; } \\
INLINE void sc_##T(char *p, i64 step, V v, int n) { \\
  for (int l = 0; l < n; l++) __builtin_memcpy(p + l * step, (char *)&v + l * (W / L), W / L); }
LOAD(F, vf32, LF)
LOAD(D, vf64, LD)
LOAD(I, vi32, LF)
`;

/** What C has no operator for: choosing, signs, extremes, rounding, halves of vectors, lanes joined. */
const operations = `INLINE f32 sel_f(i32 m, f32 a, f32 b) { return m ? a : b; }
INLINE f64 sel_d(i32 m, f64 a, f64 b) { return m ? a : b; }
INLINE i32 sel_i(i32 m, i32 a, i32 b) { return m ? a : b; }
INLINE vf32 sel_F(vi32 m, vf32 a, vf32 b) { return (vf32)((m & (vi32)a) | (~m & (vi32)b)); }
INLINE vf64 sel_D(vi64 m, vf64 a, vf64 b) { return (vf64)((m & (vi64)a) | (~m & (vi64)b)); }
INLINE vi32 sel_I(vi32 m, vi32 a, vi32 b) { return (m & a) | (~m & b); }
INLINE vi64 sel_L(vi64 m, vi64 a, vi64 b) { return (m & a) | (~m & b); }
INLINE f32 abs_f(f32 x) { return __builtin_fabsf(x); }
INLINE f64 abs_d(f64 x) { return __builtin_fabs(x); }
INLINE i32 abs_i(i32 x) { return x < 0 ? (i32)(0u - (u32)x) : x; }
INLINE vf32 abs_F(vf32 x) { return (vf32)((vi32)x & 0x7fffffff); }
INLINE vf64 abs_D(vf64 x) { return (vf64)((vi64)x & 0x7fffffffffffffffll); }
INLINE vi32 abs_I(vi32 x) { vi32 s = x >> 31; return (vi32)((vu32)(x ^ s) - (vu32)s); }
/* the larger and the smaller; NaN if either is, and +0 above -0 */
#define EXTREMES(T, V, B, AND, OR) \\
INLINE V max_##T(V a, V b) { return sel_##T((a > b) | (a != a), a, sel_##T(a == b, AND, b)); } \\
INLINE V min_##T(V a, V b) { return sel_##T((a < b) | (a != a), a, sel_##T(a == b, OR, b)); }
EXTREMES(F, vf32, vi32, ((vf32)((vi32)a & (vi32)b)), ((vf32)((vi32)a | (vi32)b)))
EXTREMES(D, vf64, vi64, ((vf64)((vi64)a & (vi64)b)), ((vf64)((vi64)a | (vi64)b)))
EXTREMES(f, f32, i32, (__builtin_signbit(a) ? b : a), (__builtin_signbit(a) ? a : b))
EXTREMES(d, f64, i32, (__builtin_signbit(a) ? b : a), (__builtin_signbit(a) ? a : b))
INLINE i32 max_i(i32 a, i32 b) { return a > b ? a : b; }
INLINE i32 min_i(i32 a, i32 b) { return a < b ? a : b; }
INLINE vi32 max_I(vi32 a, vi32 b) { return sel_I(a > b, a, b); }
INLINE vi32 min_I(vi32 a, vi32 b) { return sel_I(a < b, a, b); }
/* the same where b is a number other than 0; x86 has an instruction that gives its second operand where one is NaN */
#define BOUNDS(T, V) \\
INLINE V atleast_##T(V a, V b) { return sel_##T((a > b) | (a != a), a, b); } \\
INLINE V atmost_##T(V a, V b) { return sel_##T((a < b) | (a != a), a, b); }
#if defined(__AVX512F__) && W == 64 && !defined(__clang__)
#define BOUND(name, T, V, op, all) INLINE V name##_##T(V a, V b) { return __builtin_ia32_##op##512_mask(b, a, a, all, 4); }
BOUND(atleast, F, vf32, maxps, (unsigned short)-1) BOUND(atmost, F, vf32, minps, (unsigned short)-1)
BOUND(atleast, D, vf64, maxpd, (unsigned char)-1) BOUND(atmost, D, vf64, minpd, (unsigned char)-1)
#elif defined(__AVX__) && W == 32
#define BOUND(name, T, V, op) INLINE V name##_##T(V a, V b) { return __builtin_ia32_##op##256(b, a); }
BOUND(atleast, F, vf32, maxps) BOUND(atmost, F, vf32, minps)
BOUND(atleast, D, vf64, maxpd) BOUND(atmost, D, vf64, minpd)
#else
BOUNDS(F, vf32) BOUNDS(D, vf64)
#endif
BOUNDS(f, f32) BOUNDS(d, f64)
INLINE f32 sqrt_f(f32 x) { return __builtin_sqrtf(x); }
INLINE f64 sqrt_d(f64 x) { return __builtin_sqrt(x); }
INLINE f32 floor_f(f32 x) { return __builtin_floorf(x); }
INLINE f64 floor_d(f64 x) { return __builtin_floor(x); }
/* adding and taking away 2^fraction rounds to an integer */
#define FLOOR(T, V, I, SIGN, BIG, ONE) \\
INLINE V floor_##T(V x) { \\
  V a = abs_##T(x), r = (V)((I)((a + BIG) - BIG) | ((I)x & SIGN)); \\
  r -= (V)((I)(r > x) & (I)splat_##T(ONE)); \\
  return sel_##T(a < BIG, (V)((I)r | ((I)x & SIGN)), x); }
FLOOR(F, vf32, vi32, (-2147483647 - 1), 8388608.0f, 1.0f)
FLOOR(D, vf64, vi64, (-9223372036854775807ll - 1), 4503599627370496.0, 1.0)
INLINE f32 sign_f(f32 x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : x; }
INLINE f64 sign_d(f64 x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }
INLINE i32 sign_i(i32 x) { return (x > 0) - (x < 0); }
INLINE vf32 sign_F(vf32 x) { return sel_F(abs_F(x) > 0.0f, (vf32)(((vi32)x & (-2147483647 - 1)) | (vi32)splat_F(1.0f)), x); }
INLINE vf64 sign_D(vf64 x) { return sel_D(abs_D(x) > 0.0, (vf64)(((vi64)x & (-9223372036854775807ll - 1)) | (vi64)splat_D(1.0)), x); }
INLINE vi32 sign_I(vi32 x) { return (x < 0) - (x > 0); }
INLINE i32 div_i(i32 a, i32 b) { return b == 0 ? 0 : b == -1 ? (i32)(0u - (u32)a) : a / b; }
INLINE i32 whole_d(f64 x) { return x != x ? 0 : x >= 2147483647.0 ? 2147483647 : x <= -2147483648.0 ? (-2147483647 - 1) : (i32)x; }
INLINE i32 whole_f(f32 x) { return whole_d(x); }
INLINE vi32 whole_F(vf32 x) {
  vi32 high = x >= 2147483648.0f, low = x < -2147483648.0f, ok = ~(high | low) & (x == x);
  vi32 v = __builtin_convertvector((vf32)((vi32)x & ok), vi32);
  return sel_I(high, splat_I(2147483647), sel_I(low, splat_I(-2147483647 - 1), v)); }
INLINE vf64 low_F(vf32 v) { hf32 h; __builtin_memcpy(&h, &v, W / 2); return __builtin_convertvector(h, vf64); }
INLINE vf64 high_F(vf32 v) { hf32 h; __builtin_memcpy(&h, (char *)&v + W / 2, W / 2); return __builtin_convertvector(h, vf64); }
INLINE vf32 join_F(vf64 a, vf64 b) {
  hf32 l = __builtin_convertvector(a, hf32), h = __builtin_convertvector(b, hf32); vf32 v;
  __builtin_memcpy(&v, &l, W / 2); __builtin_memcpy((char *)&v + W / 2, &h, W / 2); return v; }
INLINE i32 sum_I(vi32 v) { u32 t = 0; for (int l = 0; l < LF; l++) t += (u32)v[l]; return (i32)t; }
#define ACROSS(T, V, E, L, N, F1) INLINE E across_##N##_##T(V v) { E t = v[0]; for (int l = 1; l < L; l++) t = F1(t, v[l]); return t; }
ACROSS(F, vf32, f32, LF, max, max_f) ACROSS(F, vf32, f32, LF, min, min_f)
ACROSS(D, vf64, f64, LD, max, max_d) ACROSS(D, vf64, f64, LD, min, min_d)
ACROSS(I, vi32, i32, LF, max, max_i) ACROSS(I, vi32, i32, LF, min, min_i)
`;

/** The sum of all lanes, halves upon halves. By name and not in a loop over an array, which gcc 12 folds wrongly. */
function sumOfLanes(bytes: VectorBytes): string {
  const tree = (lanes: string[]): string => {
    const half = lanes.length / 2;
    return half < 1 ? lanes[0]! : tree(lanes.slice(0, half).map((l, i) => `(${l} + ${lanes[half + i]!})`));
  };
  return `INLINE f64 sum_D(vf64 v) { return ${tree(Array.from({ length: bytes / 8 }, (_, l) => `v[${l}]`))}; }\n`;
}

export const prelude = (bytes: VectorBytes): string =>
  [scalarTypes, vectorTypes(bytes), squareRoot, access, everyFew(bytes), sumOfLanes(bytes), operations].join(
    "",
  );
