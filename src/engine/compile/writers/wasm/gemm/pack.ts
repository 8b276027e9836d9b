/** Packing: panels of `width` rows (of A) or columns (of B), element by element along k, the last panel filled with zeros. */
import { FunctionWriter } from "../assembler/assembler.ts";
import { advance, type Element, locals } from "./tile.ts";

/**
 * Parameters (from, outerStride, kStride, to, outer, k): `outer` rows or columns of k elements each, strides in bytes.
 * Whole panels go vector by vector when one of the strides is one element, anything else element by element.
 */
export function pack(element: Element, width: number): FunctionWriter {
  const { bytes, lanes, scalar } = element;
  const f = new FunctionWriter(["i32", "i32", "i32", "i32", "i32", "i32"]);
  const [from, outerStride, kStride, to, outer, k] = [0, 1, 2, 3, 4, 5];
  const [p, q, at, left, w] = locals(f, "i32", 5) as [number, number, number, number, number];
  const byVectors = width % lanes === 0;
  const panelStep = width * bytes;

  const copy = (): void => {
    f.get(from).set(p).get(to).set(at).get(k).set(left);
    f.loop(() => {
      for (let v = 0; v < panelStep; v += 16) f.get(at).get(p).memory("v128.load", v).memory("v128.store", v);
      advance(f, p, () => f.get(kStride));
      advance(f, at, () => f.i32(panelStep));
      f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
    });
  };

  /** `lanes` × `lanes` blocks are loaded along k, transposed and stored. What is left of k goes one by one. */
  const transpose = (): void => {
    const rows = locals(f, "v128", lanes);
    f.i32(0).set(w);
    f.countUp(
      w,
      () => f.i32(panelStep),
      16,
      () => {
        f.get(from).set(p).get(to).get(w).op("i32.add").set(at).get(k).set(left);
        f.block(() => {
          f.get(left).i32(lanes).op("i32.lt_s").brIf(0);
          f.loop(() => {
            f.get(p).set(q);
            rows.forEach((r, i) => {
              f.get(q).memory("v128.load").set(r);
              if (i < lanes - 1) advance(f, q, () => f.get(outerStride));
            });
            transposed(f, rows, (i, value) => {
              f.get(at);
              value();
              f.memory("v128.store", i * panelStep);
            });
            advance(f, p, () => f.i32(16));
            advance(f, at, () => f.i32(lanes * panelStep));
            f.get(left).i32(lanes).op("i32.sub").tee(left).i32(lanes).op("i32.ge_s").brIf(0);
          });
        });
        f.block(() => {
          f.get(left).op("i32.eqz").brIf(0);
          f.loop(() => {
            f.get(p).set(q);
            for (let i = 0; i < lanes; i++) {
              f.get(at)
                .get(q)
                .memory(`${scalar}.load`)
                .memory(`${scalar}.store`, i * bytes);
              if (i < lanes - 1) advance(f, q, () => f.get(outerStride));
            }
            advance(f, p, () => f.i32(bytes));
            advance(f, at, () => f.i32(panelStep));
            f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
          });
        });
        advance(f, from, () => f.get(outerStride).i32(lanes).op("i32.mul"));
      },
    );
    f.get(from).get(outerStride).i32(width).op("i32.mul").op("i32.sub").set(from);
    f.release("v128", ...rows);
  };

  const oneByOne = (): void => {
    f.get(from).set(q).i32(0).set(w);
    f.countUp(
      w,
      () => f.i32(width),
      1,
      () => {
        f.get(q).set(p).get(to).get(w).i32(bytes).op("i32.mul").op("i32.add").set(at).get(k).set(left);
        const loop = (value: () => void): void => {
          f.loop(() => {
            f.get(at);
            value();
            f.memory(`${scalar}.store`);
            advance(f, p, () => f.get(kStride));
            advance(f, at, () => f.i32(panelStep));
            f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
          });
        };
        f.get(w).get(outer).op("i32.lt_s");
        f.if(
          () => loop(() => f.get(p).memory(`${scalar}.load`)),
          () => loop(() => (scalar === "f32" ? f.f32(0) : f.f64(0))),
        );
        advance(f, q, () => f.get(outerStride));
      },
    );
  };

  f.block(() => {
    f.get(outer).i32(0).op("i32.le_s").brIf(0);
    f.loop(() => {
      f.block(() => {
        if (byVectors) {
          f.get(outer).i32(width).op("i32.ge_s");
          f.if(() => {
            f.get(outerStride).i32(bytes).op("i32.eq");
            f.if(() => {
              copy();
              f.br(2);
            });
            f.get(kStride).i32(bytes).op("i32.eq");
            f.if(() => {
              transpose();
              f.br(2);
            });
          });
        }
        oneByOne();
      });
      advance(f, from, () => f.get(outerStride).i32(width).op("i32.mul"));
      advance(f, to, () => f.get(k).i32(panelStep).op("i32.mul"));
      f.get(outer).i32(width).op("i32.sub").tee(outer).i32(0).op("i32.gt_s").brIf(0);
    });
  });
  return f;
}

/** Hands out the rows of the transpose of a lanes × lanes block. */
function transposed(
  f: FunctionWriter,
  rows: readonly number[],
  use: (i: number, value: () => void) => void,
): void {
  const pair = (a: number, b: number, lanes: [number, number, number, number]): FunctionWriter =>
    f
      .get(rows[a]!)
      .get(rows[b]!)
      .shuffle32(...lanes);
  if (rows.length === 2) {
    use(0, () => pair(0, 1, [0, 1, 4, 5]));
    use(1, () => pair(0, 1, [2, 3, 6, 7]));
    return;
  }
  const [low02, high02, low13, high13] = locals(f, "v128", 4) as [number, number, number, number];
  // a0 b0 a1 b1, then pairs of those.
  pair(0, 2, [0, 4, 1, 5]).set(low02);
  pair(0, 2, [2, 6, 3, 7]).set(high02);
  pair(1, 3, [0, 4, 1, 5]).set(low13);
  pair(1, 3, [2, 6, 3, 7]).set(high13);
  use(0, () => f.get(low02).get(low13).shuffle32(0, 4, 1, 5));
  use(1, () => f.get(low02).get(low13).shuffle32(2, 6, 3, 7));
  use(2, () => f.get(high02).get(high13).shuffle32(0, 4, 1, 5));
  use(3, () => f.get(high02).get(high13).shuffle32(2, 6, 3, 7));
  f.release("v128", low02, high02, low13, high13);
}
