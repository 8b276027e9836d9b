/** Matrix times vector: y = M·x, the way chosen by what lies side by side. */
import type { FunctionWriter, Local } from "../assembler/assembler.ts";
import { accumulate, advance, type Kind, locals, zero } from "./tile.ts";
import {
  COLUMNS,
  gather,
  M,
  M_COL,
  M_ROW,
  newWriter,
  PARTIAL,
  ROWS,
  whileLeft,
  X,
  X_STRIDE,
  Y,
  Y_STRIDE,
} from "./vector-parts.ts";

/** Up to this many columns the rows are the lanes. */
export const FEW = 8;
/** `columns` (1 to FEW, fixed) terms an element, a vector of rows at a time. y is contiguous. */
export function fewColumns(kind: Kind, columns: number): FunctionWriter {
  const { bytes, lanes, splat, storeLane, alone } = kind.element;
  const f = newWriter();
  const factors = locals(f, "v128", columns);
  const [sum, value] = locals(f, "v128", 2) as [Local, Local];
  const [at, next, left] = locals(f, "i32", 3) as [Local, Local, Local];
  for (const factor of factors) {
    f.get(X).memory(splat).set(factor);
    advance(f, X, () => f.get(X_STRIDE));
  }
  f.get(ROWS).set(left);
  const terms = (load: () => void): void => {
    zero(f, [sum]);
    f.get(M).set(at);
    factors.forEach((factor, j) => {
      load();
      accumulate(
        f,
        kind,
        sum,
        () => f.get(value),
        () => f.get(factor),
      );
      if (j < columns - 1) advance(f, at, () => f.get(M_COL));
    });
  };
  const strip = (rows: number, load: () => void): void => {
    whileLeft(f, left, rows, () => {
      terms(load);
      f.get(Y).get(sum);
      if (rows === 1) f.laneMemory(storeLane, 0);
      else f.memory("v128.store");
      advance(f, Y, () => f.i32(rows * bytes));
      advance(f, M, () => f.get(M_ROW).i32(rows).op("i32.mul"));
    });
  };
  f.get(M_ROW).i32(bytes).op("i32.eq");
  f.if(
    () => strip(lanes, () => f.get(at).memory("v128.load").set(value)),
    () => strip(lanes, () => gather(f, kind, at, M_ROW, next, value)),
  );
  strip(1, () => f.get(at).memory(alone).set(value));
  return f;
}

/** Columns are contiguous: y, a strip of it in registers, gets column after column. y is contiguous. */
export function byColumns(kind: Kind): FunctionWriter {
  const { bytes, lanes, splat, alone, storeLane, vector } = kind.element;
  const f = newWriter();
  const STRIP = 6;
  const sums = locals(f, "v128", STRIP);
  const totals = locals(f, "v128", STRIP);
  const factor = f.local("v128");
  const [left, at, x, columns, now] = locals(f, "i32", 5) as [Local, Local, Local, Local, Local];
  f.get(ROWS).set(left);
  const strip = (vectors: number, single: boolean): void => {
    const rows = single ? 1 : vectors * lanes;
    whileLeft(f, left, rows, () => {
      f.get(M).set(at).get(X).set(x).get(COLUMNS).set(columns);
      zero(f, totals.slice(0, vectors));
      f.loop(() => {
        f.get(columns).i32(PARTIAL).get(columns).i32(PARTIAL).op("i32.lt_s").op("select").tee(now);
        f.get(columns).op("i32.sub").i32(-1).op("i32.mul").set(columns);
        zero(f, sums.slice(0, vectors));
        f.loop(() => {
          f.get(x).memory(splat).set(factor);
          for (let v = 0; v < vectors; v++) {
            accumulate(
              f,
              kind,
              sums[v]!,
              () => f.get(at).memory(single ? alone : "v128.load", v * 16),
              () => f.get(factor),
            );
          }
          advance(f, at, () => f.get(M_COL));
          advance(f, x, () => f.get(X_STRIDE));
          f.get(now).i32(1).op("i32.sub").tee(now).brIf(0);
        });
        for (let v = 0; v < vectors; v++) f.get(totals[v]!).get(sums[v]!).op(`${vector}.add`).set(totals[v]!);
        f.get(columns).brIf(0);
      });
      for (let v = 0; v < vectors; v++) {
        f.get(Y).get(totals[v]!);
        if (single) f.laneMemory(storeLane, 0);
        else f.memory("v128.store", v * 16);
      }
      advance(f, Y, () => f.i32(rows * bytes));
      advance(f, M, () => f.i32(rows * bytes));
    });
  };
  strip(STRIP, false);
  strip(1, false);
  strip(1, true);
  return f;
}

export interface VectorParts {
  /** Function index of fewColumns(1 … FEW). */
  readonly few: readonly number[];
  readonly byColumns: number;
  readonly byRows: number;
}

/** Chooses among them. */
export function vectorProduct({ element }: Kind, parts: VectorParts): FunctionWriter {
  const f = newWriter();
  const call = (index: number): void => {
    for (let parameter = 0; parameter < 10; parameter++) f.get(parameter);
    f.call(index).op("return");
  };
  f.get(Y_STRIDE).i32(element.bytes).op("i32.eq");
  f.if(() => {
    parts.few.forEach((index, i) => {
      f.get(COLUMNS)
        .i32(i + 1)
        .op("i32.eq");
      f.if(() => call(index));
    });
    // Short strips of long columns are faster as dot products.
    f.get(M_ROW)
      .i32(element.bytes)
      .op("i32.eq")
      .get(ROWS)
      .i32(4 * element.lanes)
      .op("i32.ge_s")
      .op("i32.and");
    f.if(() => call(parts.byColumns));
  });
  call(parts.byRows);
  return f;
}
