/** C's names for element types: single elements, and vectors of the machine's width. */
import type { DType } from "../../../graph/dtype.ts";

/** How one pass of a loop's body handles elements: `lanes` of them, each of `bytes` bytes (masks too). */
export interface Lanes {
  readonly lanes: number;
  readonly bytes: 4 | 8;
}

export const isVector = (l: Lanes): boolean => l.lanes > 1;

/**
 * A letter that ends the names of C types and functions: `f`, `d`, `i` for elements, `F`, `D`, `I` for vectors of
 * float32, float64 and int32, and `L` for vectors of masks as wide as float64. bool is 0 or 1 in single elements and 0 or
 * −1 in each lane of a vector.
 */
export type Tag = "f" | "d" | "i" | "F" | "D" | "I" | "L";

export function tagOf(dtype: DType, l: Lanes): Tag {
  if (dtype === "float32") return isVector(l) ? "F" : "f";
  if (dtype === "float64") return isVector(l) ? "D" : "d";
  if (!isVector(l)) return "i";
  return dtype === "bool" && l.bytes === 8 ? "L" : "I";
}

export const typeName: Readonly<Record<Tag, string>> = {
  f: "f32",
  d: "f64",
  i: "i32",
  F: "vf32",
  D: "vf64",
  I: "vi32",
  L: "vi64",
};

type ElementTag = "f" | "d" | "i";
type MemoryTag = "F" | "D" | "I";

/** The tag of one element in memory, and of a vector of such elements. */
export const elementTag = (dtype: DType): ElementTag =>
  dtype === "float32" ? "f" : dtype === "float64" ? "d" : "i";
export const vectorTag = (t: ElementTag): MemoryTag => (t === "f" ? "F" : t === "d" ? "D" : "I");

/** Type of one element in memory. */
export const elementName: Readonly<Record<DType, "f32" | "f64" | "i32">> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  bool: "i32",
};

/** A number as C writes it. */
export function literal(dtype: DType, value: number): string {
  if (dtype === "int32") return value === -2147483648 ? "(-2147483647 - 1)" : String(value | 0);
  if (dtype === "bool") return value !== 0 ? "1" : "0";
  const suffix = dtype === "float32" ? "f" : "";
  const v = dtype === "float32" ? Math.fround(value) : value;
  if (Number.isNaN(v)) return `__builtin_nan${suffix}("")`;
  if (!Number.isFinite(v)) return `${v < 0 ? "-" : ""}__builtin_inf${suffix}()`;
  const digits = Object.is(v, -0) ? "-0" : String(v);
  return /[.e]/.test(digits) ? digits + suffix : `${digits}.0${suffix}`;
}

/**
 * `count` of `lanes` vector lanes that lie `step` bytes apart, as a C expression; the other lanes are of no account. With a
 * `cycle` the elements side by side are so many, again and again; with a step of less than an element each is taken so often.
 */
export function loadLanes(
  tag: MemoryTag,
  at: string,
  { step, count, lanes, cycle }: { step: number; count: number; lanes: number; cycle?: number | undefined },
): string {
  const size = tag === "D" ? 8 : 4;
  if (cycle !== undefined) return `cycle${cycle}_${tag}(${at})`;
  if (step > 0 && step < size) return `held${size / step}_${tag}(${at})`;
  if (step === 0) return `splat_${tag}(ld_${tag.toLowerCase()}(${at}))`;
  if (step === size) return `ld_${tag}(${at}, ${count})`;
  const few = step / size;
  // whole vectors are read, of which the last may lie beyond the last element: see SLACK in program.ts
  if (count > lanes / 4 && (few === 2 || few === 3 || few === 4)) return `gt${few}_${tag}(${at})`;
  return `gt_${tag}(${at}, ${step}, ${count})`;
}

/** The statement that stores them. */
export function storeLanes(
  tag: MemoryTag,
  at: string,
  value: string,
  { step, count }: { step: number; count: number },
): string {
  return step === (tag === "D" ? 8 : 4)
    ? `st_${tag}(${at}, ${value}, ${count});`
    : `sc_${tag}(${at}, ${step}, ${value}, ${count});`;
}
