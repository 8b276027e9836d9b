/**
 * Products with so few columns that a register tile would stand mostly empty. Where A's rows are long and contiguous, lanes
 * run along the sum; else they run along the rows of C.
 */
import { bytesOf } from "../../../graph/dtype.ts";
import type { Product } from "../../product.ts";
import type { KernelText } from "./loop.ts";
import type { VectorBytes } from "./prelude.ts";
import { loadLanes, storeLanes } from "./types.ts";

/** Nanoseconds for a vector multiplied and added, its loads included. */
const NS_PER_VECTOR = 0.6;

export const isNarrow = (p: Product, vectorBytes: VectorBytes): boolean =>
  p.lead.length === 0 && p.n * 2 * bytesOf[p.dtype] <= vectorBytes;

interface Letters {
  readonly t: "F" | "D";
  readonly e: "f" | "d";
  readonly v: string;
  readonly lanes: number;
  readonly size: number;
}

export function writeNarrow(p: Product, name: string, vectorBytes: VectorBytes): KernelText {
  const size = bytesOf[p.dtype];
  const single = p.dtype === "float32";
  const letters: Letters = {
    t: single ? "F" : "D",
    e: single ? "f" : "d",
    v: single ? "vf32" : "vf64",
    lanes: vectorBytes / size,
    size,
  };
  return p.a.col === size && p.k >= 2 * letters.lanes
    ? alongSum(p, name, letters)
    : alongRows(p, name, letters);
}

const columns = (p: Product): number[] => Array.from({ length: p.n }, (_, j) => j);
const head = (p: Product, name: string): string =>
  `/* narrow product [${p.m}, ${p.k}] by [${p.k}, ${p.n}] */\nstatic void ${name}(char *m, i64 from, i64 to) {`;

/** `count` lanes that lie `step` bytes apart. */
const load = ({ t, lanes }: Letters, at: string, step: number, count: number): string =>
  loadLanes(t, at, { step, count, lanes });

/** Whether rows are two to four elements side by side, so that vectors of all columns come out of as many loads. */
const together = (
  { lanes, size }: Letters,
  { count, row, next, width }: { count: number; row: number; next: number; width: number },
): boolean => count === lanes && next === size && row === width * size && width >= 2 && width <= 4;

/** A row of C at a time; lanes run along k. */
function alongSum(p: Product, name: string, l: Letters): KernelText {
  const whole = Math.floor(p.k / l.lanes) * l.lanes;
  const pass = (count: number): string => {
    const at = (j: number): string => `m + ${p.b.address + j * p.b.col}ll + t * ${p.b.row}`;
    const b = together(l, { count, row: p.b.row, next: p.b.col, width: p.n })
      ? { loads: `${l.v} b[${p.n}]; split${p.n}_${l.t}(${at(0)}, b); `, of: (j: number): string => `b[${j}]` }
      : { loads: "", of: (j: number): string => load(l, at(j), p.b.row, count) };
    const sums = columns(p).map((j) => `s${j} = fma_${l.t}(x, ${b.of(j)}, s${j});`);
    return `{ const ${l.v} x = ld_${l.t}(a + t * ${l.size}, ${count}); ${b.loads}${sums.join(" ")} }`;
  };
  const sum = (j: number): string => (l.t === "F" ? `sum_D(low_F(s${j}) + high_F(s${j}))` : `sum_D(s${j})`);
  const text = `${head(p, name)}
  for (i64 i = from; i < to; i++) {
    const char *a = m + ${p.a.address}ll + i * ${p.a.row};
    ${l.v} ${columns(p)
      .map((j) => `s${j} = {}`)
      .join(", ")};
    for (i64 t = 0; t < ${whole}; t += ${l.lanes}) ${pass(l.lanes)}
    ${p.k > whole ? `{ const i64 t = ${whole}; ${pass(p.k - whole)} }` : ""}
    ${columns(p)
      .map((j) => `st_${l.e}(m + ${p.c.address + j * l.size}ll + i * ${p.c.row}, ${sum(j)});`)
      .join(" ")}
  }
}
`;
  return { text, parts: p.m, cost: Math.ceil(p.k / l.lanes) * p.n * NS_PER_VECTOR };
}

/** As many rows of C at a time as there are lanes. */
function alongRows(p: Product, name: string, l: Letters): KernelText {
  const parts = Math.ceil(p.m / l.lanes);
  const rest = p.m - (parts - 1) * l.lanes;
  const body = (count: number): string => {
    const at = `m + ${p.a.address}ll + i * ${p.a.row}`;
    const a = together(l, { count, row: p.a.row, next: p.a.col, width: p.k })
      ? { loads: `${l.v} a[${p.k}]; split${p.k}_${l.t}(${at}, a);`, of: "a[t]" }
      : { loads: "", of: load(l, `${at} + t * ${p.a.col}`, p.a.row, count) };
    return `${l.v} ${columns(p)
      .map((j) => `s${j} = {}`)
      .join(", ")};
    ${a.loads}
    for (i64 t = 0; t < ${p.k}; t++) {
      const ${l.v} x = ${a.of};
      ${columns(p)
        .map(
          (j) =>
            `s${j} = fma_${l.t}(x, splat_${l.t}(ld_${l.e}(m + ${p.b.address + j * p.b.col}ll + t * ${p.b.row})), s${j});`,
        )
        .join(" ")}
    }
    ${columns(p)
      .map((j) => {
        const at = `m + ${p.c.address + j * l.size}ll + i * ${p.c.row}`;
        return storeLanes(l.t, at, `s${j}`, { step: p.c.row, count });
      })
      .join(" ")}`;
  };
  const text = `${head(p, name)}
  for (i64 part = from; part < to; part++) {
    const i64 i = part * ${l.lanes};
    if (part < ${parts - 1} || ${rest === l.lanes ? 1 : 0}) {
    ${body(l.lanes)}
    } else {
    ${body(rest)}
    }
  }
}
`;
  return { text, parts, cost: p.k * (p.n + 2) * NS_PER_VECTOR };
}
