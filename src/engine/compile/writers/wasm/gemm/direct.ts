/** Small products without packing, whatever the strides. */
import { FunctionWriter, type Local } from "../assembler/assembler.ts";
import { accumulate, advance, type Kind, locals, zero } from "./tile.ts";

const ROWS = 4;

/** Parameters as the entry's: (a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k, scratch); k ≥ 1. */
export function directProduct(kind: Kind): FunctionWriter {
  const { element } = kind;
  const { bytes, lanes } = element;
  const f = new FunctionWriter(Array.from({ length: 12 }, () => "i32"));
  const [a, aRow, aCol, b, bRow, bCol, c, cRow, m, n, k] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const [i, j, left, right, to, column] = locals(f, "i32", 6) as [Local, Local, Local, Local, Local, Local];
  const sums = locals(f, "v128", ROWS);
  const value = f.local("v128");
  const pointers = locals(f, "i32", ROWS);

  /** `rows` × one vector of columns, or one column. */
  const block = (rows: number, columns: number): void => {
    pointers.slice(0, rows).forEach((p, r) => {
      if (r === 0) f.get(a);
      else
        f.get(pointers[r - 1]!)
          .get(aRow)
          .op("i32.add");
      f.set(p);
    });
    zero(f, sums.slice(0, rows));
    f.get(column).set(right).get(k).set(left);
    f.loop(() => {
      f.get(right)
        .memory(columns === 1 ? element.alone : "v128.load")
        .set(value);
      for (let r = 0; r < rows; r++) {
        accumulate(
          f,
          kind,
          sums[r]!,
          () => f.get(pointers[r]!).memory(element.splat),
          () => f.get(value),
        );
        advance(f, pointers[r]!, () => f.get(aCol));
      }
      advance(f, right, () => f.get(bRow));
      f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
    });
    f.get(c).get(j).i32(bytes).op("i32.mul").op("i32.add").set(to);
    for (let r = 0; r < rows; r++) {
      f.get(to).get(sums[r]!);
      if (columns === 1) f.laneMemory(element.storeLane, 0);
      else f.memory("v128.store");
      if (r < rows - 1) advance(f, to, () => f.get(cRow));
    }
  };
  const strip = (rows: number): void => {
    f.i32(0).set(j).get(b).set(column);
    f.get(bCol).i32(bytes).op("i32.eq");
    f.if(() => {
      f.countUp(
        j,
        () => f.get(n).i32(lanes).op("i32.sub").i32(1).op("i32.add"),
        lanes,
        () => {
          block(rows, lanes);
          advance(f, column, () => f.i32(16));
        },
      );
    });
    f.countUp(
      j,
      () => f.get(n),
      1,
      () => {
        block(rows, 1);
        advance(f, column, () => f.get(bCol));
      },
    );
    advance(f, a, () => f.get(aRow).i32(rows).op("i32.mul"));
    advance(f, c, () => f.get(cRow).i32(rows).op("i32.mul"));
  };
  f.i32(0).set(i);
  f.countUp(
    i,
    () =>
      f
        .get(m)
        .i32(ROWS - 1)
        .op("i32.sub"),
    ROWS,
    () => strip(ROWS),
  );
  f.countUp(
    i,
    () => f.get(m),
    1,
    () => strip(1),
  );
  return f;
}
