/** Matrix times vector by rows: each element of y is a dot product. */
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
  SCRATCH,
  whileLeft,
  X,
  X_STRIDE,
  Y,
  Y_STRIDE,
} from "./vector-parts.ts";

/** Rows that `byRows` takes together. */
const TOGETHER = 4;

/** What `byRows` keeps beside its parameters. */
interface RowState {
  /** Two running sums a row, so that additions need not wait for each other, and the sum of finished parts. */
  readonly sums: readonly [readonly Local[], readonly Local[]];
  readonly totals: readonly Local[];
  readonly value: Local;
  readonly factor: Local;
  readonly pointers: readonly Local[];
  readonly left: Local;
  readonly x: Local;
  /** Columns left, and those of the part at hand. */
  readonly columns: Local;
  readonly now: Local;
  readonly next: Local;
}

/**
 * Rows as dot products, lanes along the columns; any strides. x is copied to scratch if it isn't contiguous. Rows whose
 * columns are contiguous go four at a time.
 */
export function byRows(kind: Kind): FunctionWriter {
  const { bytes } = kind.element;
  const f = newWriter();
  const local = (): Local => f.local("i32");
  const s: RowState = {
    sums: [locals(f, "v128", TOGETHER), locals(f, "v128", TOGETHER)],
    totals: locals(f, "v128", TOGETHER),
    value: f.local("v128"),
    factor: f.local("v128"),
    pointers: locals(f, "i32", TOGETHER),
    left: local(),
    x: local(),
    columns: local(),
    now: local(),
    next: local(),
  };
  makeContiguous(f, s, kind);
  f.get(ROWS).set(s.left);
  f.get(M_COL).i32(bytes).op("i32.eq");
  f.if(() => {
    rowStrip(f, s, kind, TOGETHER, true);
    rowStrip(f, s, kind, 1, true);
  });
  rowStrip(f, s, kind, 1, false);
  return f;
}

/** Copies x to scratch memory if its elements don't lie side by side. */
function makeContiguous(f: FunctionWriter, { left, x }: RowState, { element }: Kind): void {
  const { bytes, scalar } = element;
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
}

/** All rows that are left, `rows` at a time. */
function rowStrip(f: FunctionWriter, s: RowState, kind: Kind, rows: number, contiguous: boolean): void {
  const { bytes, lanes, vector } = kind.element;
  const { sums, totals, pointers, columns, now, x } = s;
  const step = (set: 0 | 1, count: number): void => rowTerms(f, s, kind, { rows, contiguous, set, count });
  whileLeft(f, s.left, rows, () => {
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
        const total = totals[r]!;
        f.get(total).get(sums[0][r]!).get(sums[1][r]!);
        f.op(`${vector}.add`).op(`${vector}.add`).set(total);
      }
      f.get(columns).brIf(0);
    });
    for (const total of totals.slice(0, rows)) storeTotal(f, kind, total);
    advance(f, M, () => f.get(M_ROW).i32(rows).op("i32.mul"));
  });
}

/** `count` terms of each row, a vector or one: what they add goes to running sum `set`. */
function rowTerms(
  f: FunctionWriter,
  { sums, value, factor, pointers, x, next }: RowState,
  kind: Kind,
  { rows, contiguous, set, count }: { rows: number; contiguous: boolean; set: 0 | 1; count: number },
): void {
  const { alone } = kind.element;
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
}

/** The sum of the total's lanes becomes the next element of y. */
function storeTotal(f: FunctionWriter, { element }: Kind, total: Local): void {
  const { lanes, vector, storeLane } = element;
  f.get(Y);
  if (lanes === 4) f.get(total).get(total).get(total).shuffle32(2, 3, 2, 3).op(`${vector}.add`).set(total);
  const [a, b] = lanes === 4 ? [1, 1] : [2, 3];
  f.get(total).get(total).get(total).shuffle32(a, b, a, b).op(`${vector}.add`).laneMemory(storeLane, 0);
  advance(f, Y, () => f.get(Y_STRIDE));
}
