import { isFloat } from "./dtype.ts";
import type { Expr } from "./expr.ts";
import { shapeError, showShape } from "./shape.ts";

/** "float32 [3, 4]", for messages. */
export const describe = (e: Expr): string => `${e.dtype} ${showShape(e.shape)}`;

export function requireFloat(op: string, x: Expr): void {
  if (!isFloat(x.dtype)) throw shapeError(op, `needs a float tensor, got ${describe(x)}`, "cast it first");
}

export function requireNumber(op: string, x: Expr): void {
  if (x.dtype === "bool") throw shapeError(op, `needs numbers, got ${describe(x)}`);
}
