/**
 * Matrix times vector: y = M·x with M rows × columns of any strides. Parameters of every function here:
 * (m, mRow, mCol, x, xStride, y, yStride, rows, columns, scratch), strides in bytes; rows, columns ≥ 1.
 */
import { FunctionWriter, type Local } from "../assembler/assembler.ts";
import { accumulate, advance, type Kind, locals, zero } from "./tile.ts";

/** Up to this many columns the rows are the lanes. */
export const FEW = 8;
/** Columns summed before the sum is added to the total, so that long sums lose less. */
const PARTIAL = 1024;

const newWriter = (): FunctionWriter => new FunctionWriter(Array.from({ length: 10 }, () => "i32"));
const [M, M_ROW, M_COL, X, X_STRIDE, Y, Y_STRIDE, ROWS, COLUMNS, SCRATCH] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** A loop that runs while `left` ≥ step, taking step off each time. */
function whileLeft(f: FunctionWriter, left: Local, step: number, body: () => void): void {
  f.block(() => {
    f.get(left).i32(step).op("i32.lt_s").brIf(0);
    f.loop(() => {
      body();
      f.get(left).i32(step).op("i32.sub").tee(left).i32(step).op("i32.ge_s").brIf(0);
    });
  });
}

/** Lane after lane from `at`, `stride` apart; `next` keeps the address. */
function gather(
  f: FunctionWriter,
  { element }: Kind,
  at: Local,
  stride: Local,
  next: Local,
  into: Local,
): void {
  f.get(at).memory(element.alone).set(into);
  for (let lane = 1; lane < element.lanes; lane++) {
    f.get(lane === 1 ? at : next)
      .get(stride)
      .op("i32.add")
      .tee(next);
    f.get(into).laneMemory(element.loadLane, lane).set(into);
  }
}

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

/**
 * Rows as dot products, lanes along the columns; any strides. x is copied to scratch if it isn't contiguous. Rows whose
 * columns are contiguous go four at a time.
 */
export function byRows(kind: Kind): FunctionWriter {
  const { bytes, lanes, alone, vector, scalar, storeLane } = kind.element;
  const f = newWriter();
  const TOGETHER = 4;
  const sums = [locals(f, "v128", TOGETHER), locals(f, "v128", TOGETHER)] as const;
  const totals = locals(f, "v128", TOGETHER);
  const [value, factor] = locals(f, "v128", 2) as [Local, Local];
  const pointers = locals(f, "i32", TOGETHER);
  const [left, x, columns, now, next] = locals(f, "i32", 5) as [Local, Local, Local, Local, Local];

  f.get(X_STRIDE).i32(bytes).op("i32.ne");
  f.if(() => {
    f.get(COLUMNS).set(left).get(SCRATCH).set(x);
    f.loop(() => {
      f.get(x).get(X).memory(`${scalar}.load`).memory(`${scalar}.store`);
      advance(f, x, () => f.i32(bytes));
      advance(f, X, () => f.get(X_STRIDE));
      f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
    });
    f.get(SCRATCH).set(X);
  });

  const strip = (rows: number, contiguous: boolean): void => {
    const step = (set: 0 | 1, count: number): void => {
      f.get(x)
        .memory(count === 1 ? alone : "v128.load", set * 16)
        .set(factor);
      for (let r = 0; r < rows; r++) {
        const p = pointers[r]!;
        if (count === 1) f.get(p).memory(alone).set(value);
        else if (contiguous)
          f.get(p)
            .memory("v128.load", set * 16)
            .set(value);
        else gather(f, kind, p, M_COL, next, value);
        accumulate(
          f,
          kind,
          sums[set][r]!,
          () => f.get(value),
          () => f.get(factor),
        );
        if (!contiguous || count === 1) advance(f, p, () => f.get(M_COL).i32(count).op("i32.mul"));
      }
    };
    whileLeft(f, left, rows, () => {
      for (let r = 0; r < rows; r++) {
        if (r === 0) f.get(M);
        else
          f.get(pointers[r - 1]!)
            .get(M_ROW)
            .op("i32.add");
        f.set(pointers[r]!);
      }
      f.get(X).set(x).get(COLUMNS).set(columns);
      zero(f, totals.slice(0, rows));
      f.loop(() => {
        f.get(columns).i32(PARTIAL).get(columns).i32(PARTIAL).op("i32.lt_s").op("select").tee(now);
        f.get(columns).op("i32.sub").i32(-1).op("i32.mul").set(columns);
        zero(f, [...sums[0].slice(0, rows), ...sums[1].slice(0, rows)]);
        whileLeft(f, now, 2 * lanes, () => {
          step(0, lanes);
          step(1, lanes);
          if (contiguous) for (let r = 0; r < rows; r++) advance(f, pointers[r]!, () => f.i32(32));
          advance(f, x, () => f.i32(32));
        });
        whileLeft(f, now, 1, () => {
          step(0, 1);
          advance(f, x, () => f.i32(bytes));
        });
        for (let r = 0; r < rows; r++) {
          f.get(totals[r]!)
            .get(sums[0][r]!)
            .get(sums[1][r]!)
            .op(`${vector}.add`)
            .op(`${vector}.add`)
            .set(totals[r]!);
        }
        f.get(columns).brIf(0);
      });
      for (let r = 0; r < rows; r++) {
        const total = totals[r]!;
        f.get(Y);
        if (lanes === 4)
          f.get(total).get(total).get(total).shuffle32(2, 3, 2, 3).op(`${vector}.add`).set(total);
        const [a, b] = lanes === 4 ? [1, 1] : [2, 3];
        f.get(total).get(total).get(total).shuffle32(a, b, a, b).op(`${vector}.add`).laneMemory(storeLane, 0);
        advance(f, Y, () => f.get(Y_STRIDE));
      }
      advance(f, M, () => f.get(M_ROW).i32(rows).op("i32.mul"));
    });
  };
  f.get(ROWS).set(left);
  f.get(M_COL).i32(bytes).op("i32.eq");
  f.if(() => {
    strip(TOGETHER, true);
    strip(1, true);
  });
  strip(1, false);
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
