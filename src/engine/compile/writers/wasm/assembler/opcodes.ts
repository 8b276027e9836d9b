/**
 * Binary opcodes of the WebAssembly instructions the emitter uses (WebAssembly core specification 2.0, appendix
 * "Index of Instructions"; relaxed SIMD: the relaxed-simd proposal's overview). Tables of names in the order of their
 * codes: from the code before it, a row counts up by one a name.
 */

/** [first code, type, names after the type's dot]. */
type Row = readonly [first: number, type: string, names: string];

type Words<S extends string> = S extends `${infer Word} ${infer Rest}` ? Word | Words<Rest> : S;
type Names<T extends Row> = T extends unknown ? `${T[1]}.${Words<T[2]>}` : never;

const scalar = [
  [0x45, "i32", "eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u"],
  [0x5b, "f32", "eq ne lt gt le ge"],
  [0x61, "f64", "eq ne lt gt le ge"],
  [0x6a, "i32", "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl"],
  [0x7c, "i64", "add sub mul"],
  [0x86, "i64", "shl shr_s shr_u"],
  [0x8b, "f32", "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign"],
  [0x99, "f64", "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign"],
  [0xa7, "i32", "wrap_i64"],
  [0xac, "i64", "extend_i32_s extend_i32_u"],
  [0xb2, "f32", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64"],
  [0xb7, "f64", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32"],
  [0xbc, "i32", "reinterpret_f32"],
  [0xbd, "i64", "reinterpret_f64"],
  [0xbe, "f32", "reinterpret_i32"],
  [0xbf, "f64", "reinterpret_i64"],
] as const;

/** After the prefix 0xfc. */
const saturating = [[0, "i32", "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s"]] as const;

/** After the prefix 0xfd. */
const simd = [
  [0x0e, "i8x16", "swizzle"],
  [0x11, "i32x4", "splat"],
  [0x12, "i64x2", "splat"],
  [0x13, "f32x4", "splat"],
  [0x14, "f64x2", "splat"],
  [0x37, "i32x4", "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s"],
  [0x41, "f32x4", "eq ne lt gt le ge"],
  [0x47, "f64x2", "eq ne lt gt le ge"],
  [0x4d, "v128", "not and andnot or xor bitselect any_true"],
  [0x5e, "f32x4", "demote_f64x2_zero"],
  [0x5f, "f64x2", "promote_low_f32x4"],
  [0x67, "f32x4", "ceil floor trunc nearest"],
  [0x74, "f64x2", "ceil floor"],
  [0x7a, "f64x2", "trunc"],
  [0x94, "f64x2", "nearest"],
  [0xa0, "i32x4", "abs neg"],
  [0xa3, "i32x4", "all_true"],
  [0xab, "i32x4", "shl shr_s shr_u add"],
  [0xb1, "i32x4", "sub"],
  [0xb5, "i32x4", "mul min_s min_u max_s"],
  [0xc7, "i64x2", "extend_low_i32x4_s"],
  [0xc9, "i64x2", "extend_low_i32x4_u"],
  [0xcb, "i64x2", "shl shr_s shr_u add"],
  [0xd1, "i64x2", "sub"],
  [0xe0, "f32x4", "abs neg"],
  [0xe3, "f32x4", "sqrt add sub mul div min max pmin pmax"],
  [0xec, "f64x2", "abs neg"],
  [0xef, "f64x2", "sqrt add sub mul div min max pmin pmax"],
  [0xf8, "i32x4", "trunc_sat_f32x4_s trunc_sat_f32x4_u"],
  [0xfa, "f32x4", "convert_i32x4_s convert_i32x4_u"],
  [0xfc, "i32x4", "trunc_sat_f64x2_s_zero"],
  [0xfe, "f64x2", "convert_low_i32x4_s"],
  [0x105, "f32x4", "relaxed_madd relaxed_nmadd"],
  [0x107, "f64x2", "relaxed_madd relaxed_nmadd"],
] as const;

const memory = [
  [0x28, "i32", "load"],
  [0x2a, "f32", "load"],
  [0x2b, "f64", "load"],
  [0x36, "i32", "store"],
  [0x38, "f32", "store"],
  [0x39, "f64", "store"],
] as const;

/** After the prefix 0xfd. */
const vectorMemory = [
  [0x00, "v128", "load"],
  [0x09, "v128", "load32_splat load64_splat store"],
  [0x5c, "v128", "load32_zero load64_zero"],
] as const;

/** After the prefix 0xfd. */
const lane = [
  [0x1b, "i32x4", "extract_lane replace_lane"],
  [0x1d, "i64x2", "extract_lane replace_lane"],
  [0x1f, "f32x4", "extract_lane replace_lane"],
  [0x21, "f64x2", "extract_lane replace_lane"],
] as const;

/** Memory access of one lane, after the prefix 0xfd: address and vector on the stack. */
const laneMemory = [
  [0x56, "v128", "load32_lane load64_lane"],
  [0x5a, "v128", "store32_lane store64_lane"],
] as const;

type Control = "unreachable" | "return" | "drop" | "select";
export type PlainOp = Control | Names<(typeof scalar | typeof saturating | typeof simd)[number]>;
export type MemoryOp = Names<(typeof memory | typeof vectorMemory)[number]>;
export type LaneOp = Names<(typeof lane)[number]>;
export type LaneMemoryOp = Names<(typeof laneMemory)[number]>;

/** Codes by name; a prefix p makes the number n to p · 0x1000 + n. */
const codes = (rows: readonly Row[], prefix = 0): Readonly<Record<string, number>> =>
  Object.fromEntries(
    rows.flatMap(([first, type, names]) =>
      names.split(" ").map((name, i) => [`${type}.${name}`, prefix * 0x1000 + first + i] as const),
    ),
  );

export const plainOps: Readonly<Record<string, number>> = {
  ...({ unreachable: 0x00, return: 0x0f, drop: 0x1a, select: 0x1b } satisfies Record<Control, number>),
  ...codes(scalar),
  ...codes(saturating, 0xfc),
  ...codes(simd, 0xfd),
};
export const memoryOps: Readonly<Record<string, number>> = { ...codes(memory), ...codes(vectorMemory, 0xfd) };
export const laneOps: Readonly<Record<string, number>> = codes(lane, 0xfd);
export const laneMemoryOps: Readonly<Record<string, number>> = codes(laneMemory, 0xfd);
