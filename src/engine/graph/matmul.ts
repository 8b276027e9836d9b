/** Matrix products. */

import { describe } from "./describe.ts";
import { isFloat } from "./dtype.ts";
import { mul } from "./elementwise.ts";
import { type Expr, makeNode } from "./expr.ts";
import { broadcastTo, reshape } from "./movement.ts";
import { sum } from "./reduce.ts";
import { broadcastShapes, shapeError, showShape, sizeOf } from "./shape.ts";

/**
 * Matrix product of [..., M, K] and [..., K, N] with broadcast leading axes; `transposeA`/`transposeB` read the last
 * two axes swapped. Vectors are not promoted: reshape them.
 */
export function matmul(
  a: Expr,
  b: Expr,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Expr {
  const show = `${showShape(a.shape)}${transposeA ? "ᵀ" : ""} and ${showShape(b.shape)}${transposeB ? "ᵀ" : ""}`;
  if (a.dtype !== b.dtype || !isFloat(a.dtype))
    throw shapeError("matmul", `needs two float tensors of one dtype, got ${describe(a)} and ${describe(b)}`);
  if (a.shape.length < 2 || b.shape.length < 2)
    throw shapeError("matmul", `needs rank 2 or more, got ${show}`);
  const [m, k] = lastTwo(a, transposeA);
  const [k2, n] = lastTwo(b, transposeB);
  if (k !== k2) throw shapeError("matmul", `inner sizes differ: ${show}`);
  const leadA = a.shape.slice(0, -2);
  const leadB = b.shape.slice(0, -2);
  if (leadB.length === 0 && leadA.length > 0 && !transposeA) {
    // one big product instead of many small ones
    const flat = matmul(reshape(a, [sizeOf(leadA) * m, k]), b, { transposeB });
    return reshape(flat, [...leadA, m, n]);
  }
  const lead = broadcastShapes(leadA, leadB);
  if (lead === null) throw shapeError("matmul", `leading axes do not broadcast: ${show}`);
  const x = broadcastTo(a, [...lead, ...a.shape.slice(-2)]);
  const y = broadcastTo(b, [...lead, ...b.shape.slice(-2)]);
  return makeNode("matmul", [x, y], { transposeA, transposeB }, [...lead, m, n], a.dtype);
}

function lastTwo(x: Expr, transpose: boolean): [number, number] {
  const [p, q] = [x.shape[x.shape.length - 2]!, x.shape[x.shape.length - 1]!];
  return transpose ? [q, p] : [p, q];
}

/** Σ x·y over all elements: the inner product of two tensors of one shape. */
export const dot = (x: Expr, y: Expr): Expr => sum(mul(x, y));
