/** Matrix products with their places in memory: for code writers, and for libraries that take them over. */
import { bytesOf } from "../graph/dtype.ts";
import { sizeOf } from "../graph/shape.ts";
import type { MatmulKernel } from "./kernels.ts";
import type { AddressOf } from "./passes/memory.ts";

/** One matrix product with everything known: addresses and strides in bytes. */
export interface Product {
  readonly dtype: "float32" | "float64";
  readonly a: { readonly address: number; readonly row: number; readonly col: number };
  readonly b: { readonly address: number; readonly row: number; readonly col: number };
  readonly c: { readonly address: number; readonly row: number };
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Leading axes: sizes and byte strides of A, B and C. */
  readonly lead: readonly {
    readonly size: number;
    readonly a: number;
    readonly b: number;
    readonly c: number;
  }[];
}

export function productOf(kernel: MatmulKernel, addressOf: AddressOf): Product {
  const { a, b, to } = kernel;
  const size = bytesOf[to.dtype];
  const rank = a.view.shape.length;
  const [m, k] = a.view.shape.slice(-2) as [number, number];
  const n = b.view.shape[rank - 1]!;
  const matrix = (o: MatmulKernel["a"]): Product["a"] => ({
    address: addressOf(o.buffer) + o.view.offset * size,
    row: o.view.strides[rank - 2]! * size,
    col: o.view.strides[rank - 1]! * size,
  });
  const leadShape = a.view.shape.slice(0, -2);
  const lead = leadShape.map((d, i) => ({
    size: d,
    a: a.view.strides[i]! * size,
    b: b.view.strides[i]! * size,
    c: sizeOf(leadShape.slice(i + 1)) * m * n * size,
  }));
  return {
    dtype: to.dtype as "float32" | "float64",
    a: matrix(a),
    b: matrix(b),
    c: { address: addressOf(to), row: n * size },
    m,
    n,
    k,
    lead: lead.filter((l) => l.size !== 1),
  };
}

/** The products of all leading indices, one after the other. */
export function* eachProduct(p: Product): Generator<Product> {
  const count = p.lead.reduce((t, l) => t * l.size, 1);
  for (let i = 0; i < count; i++) {
    let rest = i;
    let [a, b, c] = [p.a.address, p.b.address, p.c.address];
    for (const l of [...p.lead].reverse()) {
      const index = rest % l.size;
      rest = Math.floor(rest / l.size);
      a += index * l.a;
      b += index * l.b;
      c += index * l.c;
    }
    yield { ...p, a: { ...p.a, address: a }, b: { ...p.b, address: b }, c: { ...p.c, address: c }, lead: [] };
  }
}
