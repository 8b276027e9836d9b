/** Packing: panels of `width` rows (of A) or columns (of B), element by element along k, the last panel filled with zeros. */
import { FunctionWriter, type Local } from "../assembler/assembler.ts";
import { advance, type Element, locals } from "./tile.ts";

/** Parameters. */
const [FROM, OUTER_STRIDE, K_STRIDE, TO, OUTER, K] = [0, 1, 2, 3, 4, 5];

interface Packing {
  readonly element: Element;
  readonly width: number;
  readonly p: Local;
  readonly q: Local;
  readonly at: Local;
  readonly left: Local;
  /** Row or column within the panel: an index, or its place in bytes. */
  readonly w: Local;
}

/**
 * Parameters (from, outerStride, kStride, to, outer, k): `outer` rows or columns of k elements each, strides in bytes.
 * Whole panels go vector by vector when one of the strides is one element, anything else element by element.
 */
export function pack(element: Element, width: number): FunctionWriter {
  const { bytes, lanes } = element;
  const f = new FunctionWriter(["i32", "i32", "i32", "i32", "i32", "i32"]);
  const [p, q, at, left, w] = locals(f, "i32", 5) as [Local, Local, Local, Local, Local];
  const packing: Packing = { element, width, p, q, at, left, w };
  const when = (stride: Local, way: (f: FunctionWriter, packing: Packing) => void): void => {
    f.get(stride).i32(bytes).op("i32.eq");
    f.if(() => {
      way(f, packing);
      f.br(2);
    });
  };
  f.block(() => {
    f.get(OUTER).i32(0).op("i32.le_s").brIf(0);
    f.loop(() => {
      f.block(() => {
        if (width % lanes === 0) {
          f.get(OUTER).i32(width).op("i32.ge_s");
          f.if(() => {
            when(OUTER_STRIDE, copyVectors);
            when(K_STRIDE, transposeBlocks);
          });
        }
        oneByOne(f, packing);
      });
      advance(f, FROM, () => f.get(OUTER_STRIDE).i32(width).op("i32.mul"));
      advance(f, TO, () =>
        f
          .get(K)
          .i32(width * bytes)
          .op("i32.mul"),
      );
      f.get(OUTER).i32(width).op("i32.sub").tee(OUTER).i32(0).op("i32.gt_s").brIf(0);
    });
  });
  return f;
}

/** The panel's rows lie side by side. */
function copyVectors(f: FunctionWriter, { element, width, p, at, left }: Packing): void {
  const panelStep = width * element.bytes;
  f.get(FROM).set(p).get(TO).set(at).get(K).set(left);
  f.loop(() => {
    for (let v = 0; v < panelStep; v += 16) f.get(at).get(p).memory("v128.load", v).memory("v128.store", v);
    advance(f, p, () => f.get(K_STRIDE));
    advance(f, at, () => f.i32(panelStep));
    f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
  });
}

/** `lanes` × `lanes` blocks are loaded along k, transposed and stored. What is left of k goes one by one. */
function transposeBlocks(f: FunctionWriter, packing: Packing): void {
  const { element, width, p, at, left, w } = packing;
  const { bytes, lanes } = element;
  const rows = locals(f, "v128", lanes);
  f.i32(0).set(w);
  const strip = (): void => {
    f.get(FROM).set(p).get(TO).get(w).op("i32.add").set(at).get(K).set(left);
    f.block(() => {
      f.get(left).i32(lanes).op("i32.lt_s").brIf(0);
      f.loop(() => {
        transposeBlock(f, packing, rows);
        f.get(left).i32(lanes).op("i32.sub").tee(left).i32(lanes).op("i32.ge_s").brIf(0);
      });
    });
    f.block(() => {
      f.get(left).op("i32.eqz").brIf(0);
      f.loop(() => {
        copyElements(f, packing);
        f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
      });
    });
    advance(f, FROM, () => f.get(OUTER_STRIDE).i32(lanes).op("i32.mul"));
  };
  f.countUp(w, () => f.i32(width * bytes), 16, strip);
  f.get(FROM).get(OUTER_STRIDE).i32(width).op("i32.mul").op("i32.sub").set(FROM);
  f.release("v128", ...rows);
}

function transposeBlock(
  f: FunctionWriter,
  { element, width, p, q, at }: Packing,
  rows: readonly Local[],
): void {
  const { bytes, lanes } = element;
  f.get(p).set(q);
  rows.forEach((r, i) => {
    f.get(q).memory("v128.load").set(r);
    if (i < lanes - 1) advance(f, q, () => f.get(OUTER_STRIDE));
  });
  transposed(f, rows, (i, value) => {
    f.get(at);
    value();
    f.memory("v128.store", i * width * bytes);
  });
  advance(f, p, () => f.i32(16));
  advance(f, at, () => f.i32(lanes * width * bytes));
}

/** One step along k of `lanes` rows. */
function copyElements(f: FunctionWriter, { element, width, p, q, at }: Packing): void {
  const { bytes, lanes, scalar } = element;
  f.get(p).set(q);
  for (let i = 0; i < lanes; i++) {
    f.get(at)
      .get(q)
      .memory(`${scalar}.load`)
      .memory(`${scalar}.store`, i * bytes);
    if (i < lanes - 1) advance(f, q, () => f.get(OUTER_STRIDE));
  }
  advance(f, p, () => f.i32(bytes));
  advance(f, at, () => f.i32(width * bytes));
}

/** Any strides; the last panel is filled up with zeros. */
function oneByOne(f: FunctionWriter, { element, width, p, q, at, left, w }: Packing): void {
  const { bytes, scalar } = element;
  f.get(FROM).set(q).i32(0).set(w);
  const alongK = (value: () => void): void => {
    f.loop(() => {
      f.get(at);
      value();
      f.memory(`${scalar}.store`);
      advance(f, p, () => f.get(K_STRIDE));
      advance(f, at, () => f.i32(width * bytes));
      f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
    });
  };
  const row = (): void => {
    f.get(q).set(p).get(TO).get(w).i32(bytes).op("i32.mul").op("i32.add").set(at).get(K).set(left);
    f.get(w).get(OUTER).op("i32.lt_s");
    f.if(
      () => alongK(() => f.get(p).memory(`${scalar}.load`)),
      () => alongK(() => (scalar === "f32" ? f.f32(0) : f.f64(0))),
    );
    advance(f, q, () => f.get(OUTER_STRIDE));
  };
  f.countUp(w, () => f.i32(width), 1, row);
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
  const [low02, high02, low13, high13] = locals(f, "v128", 4) as [Local, Local, Local, Local];
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
