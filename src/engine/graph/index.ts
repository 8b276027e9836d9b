export { allocate, bytesOf, type DType, isFloat, type TypedArray } from "./dtype.ts";
export { type Expr, type Node, topologicalOrder } from "./expr.ts";
export * from "./ops.ts";
export type { Primitive } from "./primitives.ts";
export { type Shape, sizeOf } from "./shape.ts";
