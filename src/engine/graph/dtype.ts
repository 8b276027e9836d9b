/** Element types. `bool` is stored as 32-bit 0/1; 64-bit integers do not exist here. */
export type DType = "float32" | "float64" | "int32" | "bool";

/** The arrays that hold a tensor's values on the host. A bool is an Int32Array of 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array;

/** Bytes one element takes in a program's memory. */
export const bytesOf: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int32: 4, bool: 4 };

/** Whether a dtype is float32 or float64: what can be differentiated. */
export const isFloat = (dtype: DType): dtype is "float32" | "float64" =>
  dtype === "float32" || dtype === "float64";

/** A typed array of `n` zeros that can hold `dtype`. */
export function allocate(dtype: DType, n: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(n);
    case "float64":
      return new Float64Array(n);
    case "int32":
    case "bool":
      return new Int32Array(n);
  }
}

/** A view of `count` elements at byte `at` of a program's memory. */
export function typedView(memory: ArrayBuffer, at: number, dtype: DType, count: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(memory, at, count);
    case "float64":
      return new Float64Array(memory, at, count);
    case "int32":
    case "bool":
      return new Int32Array(memory, at, count);
  }
}
