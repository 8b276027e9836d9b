import type { FunctionWriter, Local } from "../assembler/assembler.ts";

/** A register tile of C: `rows` × `vectors` 16-byte vectors are summed in registers at once. */
export interface Tile {
  /** Rows × columns in float32. */
  readonly name: string;
  readonly rows: number;
  readonly vectors: number;
}

/** The first is what small programs get without measuring. */
export const tiles: readonly Tile[] = [
  { name: "4×12", rows: 4, vectors: 3 },
  { name: "4×8", rows: 4, vectors: 2 },
  { name: "3×16", rows: 3, vectors: 4 },
  { name: "6×8", rows: 6, vectors: 2 },
  { name: "8×8", rows: 8, vectors: 2 },
];

export type FloatType = "float32" | "float64";

/** The instructions of one element type. */
export interface Element {
  readonly bytes: number;
  readonly lanes: number;
  readonly log2Bytes: number;
  readonly vector: "f32x4" | "f64x2";
  readonly scalar: "f32" | "f64";
  readonly splat: "v128.load32_splat" | "v128.load64_splat";
  /** One element into lane 0, zeros elsewhere. */
  readonly alone: "v128.load32_zero" | "v128.load64_zero";
  readonly loadLane: "v128.load32_lane" | "v128.load64_lane";
  readonly storeLane: "v128.store32_lane" | "v128.store64_lane";
}

export const elements: Readonly<Record<FloatType, Element>> = {
  float32: {
    bytes: 4,
    lanes: 4,
    log2Bytes: 2,
    vector: "f32x4",
    scalar: "f32",
    splat: "v128.load32_splat",
    alone: "v128.load32_zero",
    loadLane: "v128.load32_lane",
    storeLane: "v128.store32_lane",
  },
  float64: {
    bytes: 8,
    lanes: 2,
    log2Bytes: 3,
    vector: "f64x2",
    scalar: "f64",
    splat: "v128.load64_splat",
    alone: "v128.load64_zero",
    loadLane: "v128.load64_lane",
    storeLane: "v128.store64_lane",
  },
};

export interface Kind {
  readonly element: Element;
  readonly fma: boolean;
}

/** sum ← a·b + sum. */
export function accumulate(
  f: FunctionWriter,
  { element, fma }: Kind,
  sum: Local,
  a: () => void,
  b: () => void,
): void {
  a();
  b();
  if (fma) f.get(sum).op(`${element.vector}.relaxed_madd`).set(sum);
  else f.op(`${element.vector}.mul`).get(sum).op(`${element.vector}.add`).set(sum);
}

/** local ← local + what `amount` leaves on the stack. */
export function advance(f: FunctionWriter, local: Local, amount: () => void): void {
  f.get(local);
  amount();
  f.op("i32.add").set(local);
}

export function locals(f: FunctionWriter, type: "i32" | "v128", count: number): Local[] {
  return Array.from({ length: count }, () => f.local(type));
}

export function zero(f: FunctionWriter, sums: readonly Local[]): void {
  for (const s of sums) f.splat("i32x4", 0).set(s);
}
