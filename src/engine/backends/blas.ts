/** The bridge from the compiler's products to the system's BLAS. Node only; import it lazily. */
import type { Product } from "../compile/product.ts";
import { bytesOf } from "../graph/dtype.ts";
import { findBlas, worthBlas } from "./blas-library.ts";
import type { ProductLibrary } from "./wasm.ts";

/** Products with more leading indices than this would need too many bound calls. */
const MAX_CALLS = 512;

/** Leading dimension and flag of a matrix whose rows or columns are contiguous; null for any other strides. */
function layout(
  at: Product["a"],
  rows: number,
  cols: number,
  size: number,
): { transposed: boolean; ld: number } | null {
  if (at.col === size || cols === 1) return { transposed: false, ld: Math.max(at.row / size, cols, 1) };
  if (at.row === size || rows === 1) return { transposed: true, ld: Math.max(at.col / size, rows, 1) };
  return null;
}

/** The library, found and loaded when the first product that is worth it asks. */
export function blasProducts(): ProductLibrary {
  return {
    name: "blas",
    worth: (p) =>
      worthBlas(p.m, p.n, p.k) &&
      p.lead.reduce((t, l) => t * l.size, 1) <= MAX_CALLS &&
      layout(p.a, p.m, p.k, bytesOf[p.dtype]) !== null &&
      layout(p.b, p.k, p.n, bytesOf[p.dtype]) !== null &&
      findBlas().library !== null,
    bind: (memory, p) => {
      const size = bytesOf[p.dtype];
      const [a, b] = [layout(p.a, p.m, p.k, size)!, layout(p.b, p.k, p.n, size)!];
      const library = findBlas().library!;
      return (p.dtype === "float32" ? library.sgemm : library.dgemm)({
        memory,
        a: p.a.address,
        b: p.b.address,
        c: p.c.address,
        m: p.m,
        n: p.n,
        k: p.k,
        transposeA: a.transposed,
        transposeB: b.transposed,
        lda: a.ld,
        ldb: b.ld,
        ldc: p.c.row / size,
      });
    },
  };
}
