import { gather } from "../engine/graph/index.ts";
import { nnError, requireSizes } from "./errors.ts";
import { noteIndices } from "./index-range.ts";
import { normalInit } from "./init.ts";
import { type Layer, plainLayer } from "./layer.ts";

/** PyTorch's `nn.Embedding`: int32 indices [...] → rows [..., width] of weight [count, width], drawn from N(0, 1). */
export function embedding(count: number, width: number): Layer {
  requireSizes("embedding", { count, width });
  return plainLayer(
    (x, p) => {
      if (x.dtype !== "int32")
        throw nnError(
          `embedding: needs int32 indices, got ${x.dtype}`,
          "an embedding is for tokens or categories",
        );
      noteIndices(x, count);
      return gather(p["weight"]!, x);
    },
    { weight: normalInit([count, width]) },
  );
}
