/** Writes the kernels that are not loops over elementwise work: products, fills, copies, rows by index. */
import { bytesOf } from "../../../graph/dtype.ts";
import type { CopyKernel, FillKernel, RowsKernel } from "../../kernels.ts";
import { type AddressOf, bufferBytes } from "../../passes/memory.ts";
import type { Product } from "../../product.ts";
import type { KernelText } from "./loop.ts";
import { isNarrow, writeNarrow } from "./narrow-product.ts";
import type { VectorBytes } from "./prelude.ts";
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
export function writeProduct(p: Product, name: string, vectorBytes: VectorBytes): KernelText {
  const size = bytesOf[p.dtype];
  const elements = p.lead.reduce((t, l) => t * l.size, p.m * p.n);
  if (elements === 0 || p.k === 0) {
    const text = `${head(name)} { __builtin_memset(m + ${p.c.address}ll, 0, ${elements * size}); }\n`;
    return { text, parts: 1, cost: 0 };
  }
  if (isNarrow(p, vectorBytes)) return writeNarrow(p, name, vectorBytes);
  const [rowBlocks, columnBlocks] = [Math.ceil(p.m / ROWS), Math.ceil(p.n / COLUMNS)];
  const blocks = rowBlocks * columnBlocks;
  const lead = p.lead.reduce((t, l) => t * l.size, 1);
  const moves = { a: [] as string[], b: [] as string[], c: [] as string[] };
  let inner = 1;
  for (const l of [...p.lead].reverse()) {
    const index = `(lead / ${inner} % ${l.size})`;
    for (const o of ["a", "b", "c"] as const) if (l[o] !== 0) moves[o].push(`${index} * ${l[o]}`);
    inner *= l.size;
  }
  const place = (o: "a" | "b" | "c"): string => [`m + ${p[o].address}ll`, ...moves[o]].join(" + ");
  const t = p.dtype === "float32" ? "F" : "D";
  const text = `/* product ${lead > 1 ? `${lead} times ` : ""}[${p.m}, ${p.k}] by [${p.k}, ${p.n}] */
${head(name)} {
  for (i64 part = from; part < to; part++) {
    const i64 lead = part / ${blocks}, i = part % ${blocks} / ${columnBlocks} * ${ROWS}, j = part % ${columnBlocks} * ${COLUMNS};
    const i64 rows = ${p.m} - i < ${ROWS} ? ${p.m} - i : ${ROWS}, columns = ${p.n} - j < ${COLUMNS} ? ${p.n} - j : ${COLUMNS};
    rt->gemm_${t}(${place("a")} + i * ${p.a.row}, ${p.a.row}, ${p.a.col}, ${place("b")} + j * ${p.b.col}, ${p.b.row}, ${p.b.col},
      ${place("c")} + i * ${p.c.row} + j * ${size}, ${p.c.row}, rows, columns, ${p.k});
    (void)lead;
  }
}
`;
  const macs = Math.min(p.m, ROWS) * Math.min(p.n, COLUMNS) * p.k;
  return { text, parts: lead * blocks, cost: (macs / MACS_PER_NS) * (size / 4) };
}
