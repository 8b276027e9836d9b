/** Small products without packing, whatever the strides. */
import { FunctionWriter, type Local } from "../assembler/assembler.ts";
import { accumulate, advance, type Kind, locals, zero } from "./tile.ts";

const ROWS = 4;

/** Parameters as the entry's; k ≥ 1. */
const [A, A_ROW, A_COL, B, B_ROW, B_COL, C, C_ROW, SIZE_M, SIZE_N, SIZE_K] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
]; // biome-ignore format: names in a row

interface State {
  readonly i: Local;
  readonly j: Local;
  /** Steps of k left, and where they are in B. */
  readonly left: Local;
  readonly right: Local;
  readonly to: Local;
  /** The column of B that a block starts at. */
  readonly column: Local;
  readonly sums: readonly Local[];
  readonly value: Local;
  /** Rows of A. */
  readonly pointers: readonly Local[];
}

export function directProduct(kind: Kind): FunctionWriter {
  const f = new FunctionWriter(Array.from({ length: 12 }, () => "i32"));
  const local = (): Local => f.local("i32");
  const s: State = {
    i: local(), j: local(), left: local(), right: local(), to: local(), column: local(),
    sums: locals(f, "v128", ROWS), value: f.local("v128"), pointers: locals(f, "i32", ROWS),
  }; // biome-ignore format: names in a row
  f.i32(0).set(s.i);
  const lastStart = (): FunctionWriter =>
    f
      .get(SIZE_M)
      .i32(ROWS - 1)
      .op("i32.sub");
  f.countUp(s.i, lastStart, ROWS, () => strip(f, s, kind, ROWS));
  f.countUp(
    s.i,
    () => f.get(SIZE_M),
    1,
    () => strip(f, s, kind, 1),
  );
  return f;
}

/** `rows` rows of C, by vectors of columns while B's rows are contiguous, then column by column. */
function strip(f: FunctionWriter, s: State, kind: Kind, rows: number): void {
  const { bytes, lanes } = kind.element;
  const vectors = (): void => {
    block(f, s, kind, rows, lanes);
    advance(f, s.column, () => f.i32(16));
  };
  const singles = (): void => {
    block(f, s, kind, rows, 1);
    advance(f, s.column, () => f.get(B_COL));
  };
  f.i32(0).set(s.j).get(B).set(s.column);
  f.get(B_COL).i32(bytes).op("i32.eq");
  f.if(() => {
    f.countUp(s.j, () => f.get(SIZE_N).i32(lanes).op("i32.sub").i32(1).op("i32.add"), lanes, vectors);
  });
  f.countUp(s.j, () => f.get(SIZE_N), 1, singles);
  advance(f, A, () => f.get(A_ROW).i32(rows).op("i32.mul"));
  advance(f, C, () => f.get(C_ROW).i32(rows).op("i32.mul"));
}

/** `rows` × one vector of columns, or one column. */
function block(f: FunctionWriter, s: State, kind: Kind, rows: number, columns: number): void {
  const { element } = kind;
  s.pointers.slice(0, rows).forEach((p, r) => {
    if (r === 0) f.get(A);
    else
      f.get(s.pointers[r - 1]!)
        .get(A_ROW)
        .op("i32.add");
    f.set(p);
  });
  zero(f, s.sums.slice(0, rows));
  f.get(s.column).set(s.right).get(SIZE_K).set(s.left);
  f.loop(() => {
    f.get(s.right)
      .memory(columns === 1 ? element.alone : "v128.load")
      .set(s.value);
    for (let r = 0; r < rows; r++) {
      const p = s.pointers[r]!;
      accumulate(
        f,
        kind,
        s.sums[r]!,
        () => f.get(p).memory(element.splat),
        () => f.get(s.value),
      );
      advance(f, p, () => f.get(A_COL));
    }
    advance(f, s.right, () => f.get(B_ROW));
    f.get(s.left).i32(1).op("i32.sub").tee(s.left).brIf(0);
  });
  f.get(C).get(s.j).i32(element.bytes).op("i32.mul").op("i32.add").set(s.to);
  for (let r = 0; r < rows; r++) {
    f.get(s.to).get(s.sums[r]!);
    if (columns === 1) f.laneMemory(element.storeLane, 0);
    else f.memory("v128.store");
    if (r < rows - 1) advance(f, s.to, () => f.get(C_ROW));
  }
}
