/** The innermost kernel: one register tile of C from a packed panel of A and one of B. */
import { FunctionWriter } from "../assembler/assembler.ts";
import { accumulate, advance, type Kind, locals, type Tile, zero } from "./tile.ts";

const UNROLL = 4;

/**
 * Parameters (k, a, b, c, cRowStride, add): C tile = or += Σ over k of A panel [k][rows] × B panel [k][columns]. Each
 * element is summed in order of k, starting from 0.
 */
export function microKernel(kind: Kind, { rows, vectors }: Tile): FunctionWriter {
  const { element } = kind;
  const f = new FunctionWriter(["i32", "i32", "i32", "i32", "i32", "i32"]);
  const [k, a, b, c, stride, add] = [0, 1, 2, 3, 4, 5];
  const sums = Array.from({ length: rows }, () => locals(f, "v128", vectors));
  const right = locals(f, "v128", vectors);
  const left = f.local("v128");
  const [aBytes, bBytes] = [rows * element.bytes, vectors * 16];
  zero(f, sums.flat());
  const step = (u: number): void => {
    right.forEach((r, v) => {
      f.get(b)
        .memory("v128.load", u * bBytes + v * 16)
        .set(r);
    });
    sums.forEach((row, i) => {
      f.get(a)
        .memory(element.splat, u * aBytes + i * element.bytes)
        .set(left);
      row.forEach((sum, v) => {
        accumulate(
          f,
          kind,
          sum,
          () => f.get(left),
          () => f.get(right[v]!),
        );
      });
    });
  };
  const loop = (unroll: number): void => {
    f.block(() => {
      f.get(k).i32(unroll).op("i32.lt_s").brIf(0);
      f.loop(() => {
        for (let u = 0; u < unroll; u++) step(u);
        advance(f, a, () => f.i32(unroll * aBytes));
        advance(f, b, () => f.i32(unroll * bBytes));
        f.get(k).i32(unroll).op("i32.sub").tee(k).i32(unroll).op("i32.ge_s").brIf(0);
      });
    });
  };
  loop(UNROLL);
  loop(1);
  const eachVector = (body: (i: number, v: number) => void): void => {
    const row = f.local("i32");
    f.get(c).set(row);
    for (let i = 0; i < rows; i++) {
      for (let v = 0; v < vectors; v++) {
        f.get(row);
        body(i, v);
      }
      if (i < rows - 1) advance(f, row, () => f.get(stride));
    }
    f.release("i32", row);
  };
  f.get(add).if(() => {
    eachVector((i, v) => {
      const sum = sums[i]![v]!;
      f.memory("v128.load", v * 16)
        .get(sum)
        .op(`${element.vector}.add`)
        .set(sum);
    });
  });
  eachVector((i, v) => {
    f.get(sums[i]![v]!).memory("v128.store", v * 16);
  });
  return f;
}

/** Parameters (tile, tileRowStride, c, cRowStride, rows, columns, add): the part of a tile that lies within C. */
export function storeEdge({ element }: Kind): FunctionWriter {
  const f = new FunctionWriter(["i32", "i32", "i32", "i32", "i32", "i32", "i32"]);
  const [tile, tileStride, c, stride, rows, columns, add] = [0, 1, 2, 3, 4, 5, 6];
  const [i, j, from, to] = locals(f, "i32", 4) as [number, number, number, number];
  const value = f.local(element.scalar);
  const load = `${element.scalar}.load` as const;
  f.i32(0).set(i);
  f.countUp(
    i,
    () => f.get(rows),
    1,
    () => {
      f.get(tile).set(from).get(c).set(to).i32(0).set(j);
      f.countUp(
        j,
        () => f.get(columns),
        1,
        () => {
          f.get(from).memory(load).set(value);
          f.get(add).if(() => f.get(value).get(to).memory(load).op(`${element.scalar}.add`).set(value));
          f.get(to).get(value).memory(`${element.scalar}.store`);
          advance(f, from, () => f.i32(element.bytes));
          advance(f, to, () => f.i32(element.bytes));
        },
      );
      advance(f, tile, () => f.get(tileStride));
      advance(f, c, () => f.get(stride));
    },
  );
  return f;
}
