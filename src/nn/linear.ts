import { add, type Expr, matmul, reshape, sizeOf } from "../engine/graph/index.ts";
import { shapeError, showShape } from "../engine/graph/shape.ts";
import { requireSizes } from "./errors.ts";
import { torchDefault } from "./init.ts";
import { type Layer, plainLayer, type Tensors } from "./layer.ts";

/** x [..., in] · weight [out, in]ᵀ + bias [out] → [..., out]. */
export function affine(x: Expr, weight: Expr, bias?: Expr): Expr {
  const rows = x.shape.length === 1 ? reshape(x, [1, ...x.shape]) : x;
  const y = matmul(rows, weight, { transposeB: true });
  const out = bias === undefined ? y : add(y, bias);
  return x.shape.length === 1 ? reshape(out, out.shape.slice(1)) : out;
}

/** PyTorch's `nn.Linear`: weight [out, in], then bias [out], both drawn from U(±1/√in). */
export function linear(
  inFeatures: number,
  outFeatures: number,
  { bias = true }: { bias?: boolean } = {},
): Layer {
  requireSizes("linear", { in: inFeatures, out: outFeatures });
  return plainLayer(
    (x, p: Tensors) => {
      const got = x.shape[x.shape.length - 1];
      if (got !== inFeatures) {
        throw shapeError(
          "linear",
          `it takes rows of ${inFeatures} values, but gets ${showShape(x.shape)}`,
          got === undefined
            ? undefined
            : `write linear(${got}, ${outFeatures}), or change what comes before it`,
        );
      }
      return affine(x, p["weight"]!, p["bias"]);
    },
    torchDefault([outFeatures, inFeatures], { bias }),
  );
}

/** Joins the axes from `start` on: [N, C, H, W] → [N, C·H·W]. */
export const flatten = ({ start = 1 }: { start?: number } = {}): Layer =>
  plainLayer((x) => reshape(x, [...x.shape.slice(0, start), sizeOf(x.shape.slice(start))]));

/** Gives each example the shape `shape`: [N, …] → [N, ...shape]. */
export const unflatten = (shape: readonly number[]): Layer =>
  plainLayer((x) => reshape(x, [x.shape[0]!, ...shape]));
