/** Writes the kernels that are not loops over elementwise work: products, fills, copies, rows by index. */
import { bytesOf } from "../../../graph/dtype.ts";
import type { View } from "../../../graph/strided.ts";
import type { CopyKernel, FillKernel, MatmulKernel, RowsKernel } from "../../kernels.ts";
import { digitsOf } from "../../passes/gather-products.ts";
import { type AddressOf, bufferBytes } from "../../passes/memory.ts";
import { productOf } from "../../product.ts";
import type { KernelText, WriteContext } from "./loop.ts";
import { isNarrow, writeNarrow } from "./narrow-product.ts";
import { elementName, literal } from "./types.ts";

/** Bytes of a part of a fill or a copy. */
const BLOCK = 1 << 18;
/** Bytes and multiply-adds that a core does in a nanosecond, roughly. */
const BYTES_PER_NS = 8;
const MACS_PER_NS = 20;
/** Rows and columns of C in one part of a product: multiples of every register tile's. */
const ROWS = 192;
const COLUMNS = 256;

const head = (name: string): string => `static void ${name}(char *m, i64 from, i64 to)`;

export function writeFill({ to, value }: FillKernel, name: string, addressOf: AddressOf): KernelText {
  const bytes = bufferBytes(to);
  const type = elementName[to.dtype];
  const at = `${type} *p = (${type} *)(m + ${addressOf(to)}ll)`;
  const body = Object.is(value, 0)
    ? `__builtin_memset(m + ${addressOf(to)}ll, 0, ${bytes});`
    : `${at}; for (i64 i = 0; i < ${to.count}; i++) p[i] = ${literal(to.dtype, value)};`;
  return { text: `${head(name)} { ${body} }\n`, parts: 1, cost: bytes / BYTES_PER_NS };
}

export function writeCopy({ from, to }: CopyKernel, name: string, addressOf: AddressOf): KernelText {
  const bytes = bufferBytes(to);
  const text = `${head(name)} {
  const i64 start = from * ${BLOCK}, end = to * ${BLOCK} < ${bytes} ? to * ${BLOCK} : ${bytes};
  __builtin_memcpy(m + ${addressOf(to)}ll + start, m + ${addressOf(from)}ll + start, end - start);
}
`;
  return { text, parts: Math.max(1, Math.ceil(bytes / BLOCK)), cost: Math.min(bytes, BLOCK) / BYTES_PER_NS };
}

/** Row by row: copied from the table, or added to it. Indices are clamped to the table. */
export function writeRows(kernel: RowsKernel, name: string, addressOf: AddressOf): KernelText {
  const { indices, table, rows, tableRows, width } = kernel;
  const rowBytes = width * bytesOf[table.dtype];
  const type = elementName[table.dtype];
  const gather = kernel.kind === "gather";
  const step = gather
    ? `__builtin_memcpy(m + ${addressOf(rows)}ll + i * ${rowBytes}, m + ${addressOf(table)}ll + row * ${rowBytes}, ${rowBytes});`
    : `${type} *p = (${type} *)(m + ${addressOf(table)}ll + row * ${rowBytes}); const ${type} *q = (const ${type} *)(m + ${addressOf(rows)}ll + i * ${rowBytes});
    for (i64 j = 0; j < ${width}; j++) p[j] += q[j];`;
  const [first, last] = gather ? ["from", "to"] : ["0", String(indices.count)];
  const text = `/* ${kernel.kind} */
${head(name)} {
  const i32 *index = (const i32 *)(m + ${addressOf(indices)}ll);
  for (i64 i = ${first}; i < ${last}; i++) {
    const i64 row = index[i] < 0 ? 0 : index[i] > ${tableRows - 1} ? ${tableRows - 1} : index[i];
    ${step}
  }
}
`;
  const cost = rowBytes / BYTES_PER_NS + 1;
  return gather ? { text, parts: indices.count, cost } : { text, parts: 1, cost: cost * indices.count };
}

/** A product is cut into blocks of C, the same for every number of threads. */
export function writeProduct(
  kernel: MatmulKernel,
  name: string,
  { addressOf, vectorBytes, table }: WriteContext,
): KernelText {
  const p = productOf(kernel, addressOf);
  const size = bytesOf[p.dtype];
  const elements = p.lead.reduce((t, l) => t * l.size, p.m * p.n);
  if (elements === 0 || p.k === 0) {
    const text = `${head(name)} { __builtin_memset(m + ${p.c.address}ll, 0, ${elements * size}); }\n`;
    return { text, parts: 1, cost: 0 };
  }
  const gathered = kernel.through === undefined ? null : offsetsOf(kernel, kernel.through);
  if (gathered === null && isNarrow(p, vectorBytes)) return writeNarrow(p, name, vectorBytes);
  const [rowBlocks, columnBlocks] = [Math.ceil(p.m / ROWS), Math.ceil(p.n / COLUMNS)];
  const blocks = rowBlocks * columnBlocks;
  const lead = p.lead.reduce((t, l) => t * l.size, 1);
  const moves = { a: [] as string[], b: [] as string[], c: [] as string[] };
  let inner = 1;
  for (const l of [...p.lead].reverse()) {
    const index = `(lead / ${inner} % ${l.size})`;
    for (const o of ["a", "b", "c"] as const) {
      const stride = o === "b" && gathered !== null && l.b !== 0 ? gathered.lead(l.size, l.b) : l[o];
      if (stride !== 0) moves[o].push(`${index} * ${stride}`);
    }
    inner *= l.size;
  }
  const start = { a: p.a.address, b: gathered?.address(addressOf) ?? p.b.address, c: p.c.address };
  const place = (o: "a" | "b" | "c"): string => [`m + ${start[o]}ll`, ...moves[o]].join(" + ");
  const t = p.dtype === "float32" ? "F" : "D";
  const text = `/* ${gathered === null ? "" : "gathered "}product ${lead > 1 ? `${lead} times ` : ""}[${p.m}, ${p.k}] by [${p.k}, ${p.n}] */
${head(name)} {
  for (i64 part = from; part < to; part++) {
    const i64 lead = part / ${blocks}, i = part % ${blocks} / ${columnBlocks} * ${ROWS}, j = part % ${columnBlocks} * ${COLUMNS};
    const i64 rows = ${p.m} - i < ${ROWS} ? ${p.m} - i : ${ROWS}, columns = ${p.n} - j < ${COLUMNS} ? ${p.n} - j : ${COLUMNS};
    rt->${gathered === null ? "gemm" : "gather"}_${t}(${place("a")} + i * ${p.a.row}, ${p.a.row}, ${p.a.col}, ${
      gathered === null
        ? `${place("b")} + j * ${p.b.col}, ${p.b.row}, ${p.b.col}`
        : `${place("b")}, ${table(gathered.rows, p.k)}, ${table(gathered.columns, p.n)} + j`
    },
      ${place("c")} + i * ${p.c.row} + j * ${size}, ${p.c.row}, rows, columns, ${p.k});
    (void)lead;
  }
}
`;
  const macs = Math.min(p.m, ROWS) * Math.min(p.n, COLUMNS) * p.k;
  return { text, parts: lead * blocks, cost: (macs / MACS_PER_NS) * (size / 4) };
}

interface Offsets {
  /** Bytes of element i of B's rows and columns from its start, as C expressions of i. */
  readonly rows: string;
  readonly columns: string;
  /** Bytes from one leading index to the next, for an axis of `size` whose elements of the copy would lie `bytes` apart. */
  readonly lead: (size: number, bytes: number) => number;
  readonly address: (addressOf: AddressOf) => number;
}

/** Where the elements of a right side lie that is read through a view. */
function offsetsOf({ b }: MatmulKernel, through: View): Offsets {
  const size = bytesOf[b.buffer.dtype];
  const axis = (count: number, stride: number): string => {
    if (count === 1 || stride === 0) return "0";
    let inner = 1;
    const terms = digitsOf(through, count, stride)
      .reverse()
      .map((d) => {
        const term = `i / ${inner} % ${d.size} * ${d.stride * size}`;
        inner *= d.size;
        return term;
      });
    return terms.join(" + ") || "0";
  };
  const rank = b.view.shape.length;
  return {
    rows: axis(b.view.shape[rank - 2]!, b.view.strides[rank - 2]!),
    columns: axis(b.view.shape[rank - 1]!, b.view.strides[rank - 1]!),
    lead: (count, bytes) => (digitsOf(through, count, bytes / size)[0]?.stride ?? 0) * size,
    address: (addressOf) => addressOf(b.buffer) + through.offset * size,
  };
}
