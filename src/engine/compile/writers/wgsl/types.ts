/** WGSL's names for element types, and how elements lie in the one array of 32-bit words that programs work on. */
import type { DType } from "../../../graph/dtype.ts";

/** The array of words, as kernels call it. */
export const MEMORY = "m";

/** The type that an element has in expressions. float64 does not exist there: passes/host-split.ts has taken it out. */
export function typeName(dtype: DType): "f32" | "i32" | "bool" {
  switch (dtype) {
    case "float32":
      return "f32";
    case "int32":
      return "i32";
    case "bool":
      return "bool";
    case "float64":
      throw new Error("internal: WGSL has no float64");
  }
}

/** A number as WGSL writes it. NaN and infinities are no constants there: the prelude makes them of bits. */
export function literal(dtype: DType, value: number): string {
  if (dtype === "bool") return value !== 0 ? "true" : "false";
  if (dtype === "int32") return value === -2147483648 ? "i32(-2147483647 - 1)" : `i32(${value | 0})`;
  typeName(dtype);
  const v = Math.fround(value);
  if (Number.isNaN(v)) return "bitcast<f32>(nan_bits)";
  if (!Number.isFinite(v)) return `bitcast<f32>(${v < 0 ? "minus_" : ""}inf_bits)`;
  const digits = Object.is(v, -0) ? "-0" : String(v);
  return /[.e]/.test(digits) ? `${digits}f` : `${digits}.0f`;
}

/** An element at a place in words, as an expression. */
export function load(dtype: DType, at: string): string {
  if (dtype === "bool") return `(${MEMORY}[${at}] != 0u)`;
  return `bitcast<${typeName(dtype)}>(${MEMORY}[${at}])`;
}

/** The statement that writes an element to a place. */
export const store = (dtype: DType, at: string, value: string): string =>
  `${MEMORY}[${at}] = ${dtype === "bool" ? `select(0u, 1u, ${value})` : `bitcast<u32>(${value})`};`;

/** Bits of NaN and the infinities. As variables, so that no compiler folds them into constants, which WGSL forbids. */
export const specialValues = `var<private> nan_bits: u32 = 0x7fc00000u;
var<private> inf_bits: u32 = 0x7f800000u;
var<private> minus_inf_bits: u32 = 0xff800000u;
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn is_inf(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }
`;
