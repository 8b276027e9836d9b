import { type Shape, sizeOf, stridesOf } from "./shape.ts";

/** A strided window on a buffer: element [i, j, …] lies at offset + i·strides[0] + j·strides[1] + … */
export interface View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

export const contiguous = (shape: Shape): View => ({ shape, strides: stridesOf(shape), offset: 0 });

/** The same numbers with axes reordered. */
export const permuteView = (v: View, axes: readonly number[]): View => ({
  shape: axes.map((a) => v.shape[a]!),
  strides: axes.map((a) => v.strides[a]!),
  offset: v.offset,
});

/** NumPy's broadcasting: repeated axes have stride 0. */
export function broadcastView(v: View, shape: Shape): View {
  const extra = shape.length - v.shape.length;
  return {
    shape,
    strides: shape.map((d, i) =>
      i < extra || (v.shape[i - extra] === 1 && d !== 1) ? 0 : v.strides[i - extra]!,
    ),
    offset: v.offset,
  };
}

export const sliceView = (
  v: View,
  starts: readonly number[],
  steps: readonly number[],
  shape: Shape,
): View => ({
  shape,
  strides: v.strides.map((s, i) => s * steps[i]!),
  offset: v.offset + v.strides.reduce((o, s, i) => o + s * starts[i]!, 0),
});

/** Overlapping windows of the last axes: positions first, then the window itself. */
export function windowsView(
  v: View,
  w: { readonly strides: readonly number[]; readonly dilations: readonly number[] },
  shape: Shape,
): View {
  const k = w.strides.length;
  const last = v.strides.slice(-k);
  return {
    shape,
    strides: [
      ...v.strides.slice(0, -k),
      ...last.map((s, i) => s * w.strides[i]!),
      ...last.map((s, i) => s * w.dilations[i]!),
    ],
    offset: v.offset,
  };
}

/** Row-major reinterpretation without a copy, or null when the strides do not allow it. */
export function reshapeView(v: View, shape: Shape): View | null {
  if (sizeOf(shape) === 0) return contiguous(shape);
  // axes of size 1 carry no information; merge the rest into runs that are contiguous in memory
  const runs: { size: number; stride: number }[] = [];
  v.shape.forEach((d, i) => {
    if (d === 1) return;
    const last = runs[runs.length - 1];
    if (last !== undefined && last.stride === v.strides[i]! * d) {
      last.size *= d;
      last.stride = v.strides[i]!;
    } else runs.push({ size: d, stride: v.strides[i]! });
  });
  const strides = new Array<number>(shape.length).fill(0);
  let r = runs.length - 1;
  let used = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const d = shape[i]!;
    if (d === 1) continue;
    const run = runs[r];
    if (run === undefined || run.size % (used * d) !== 0) return null;
    strides[i] = run.stride * used;
    used *= d;
    if (used === run.size) {
      r--;
      used = 1;
    }
  }
  return used === 1 ? { shape, strides, offset: v.offset } : null;
}

export function isContiguous(v: View): boolean {
  let stride = 1;
  for (let i = v.shape.length - 1; i >= 0; i--) {
    if (v.shape[i] !== 1 && v.strides[i] !== stride) return false;
    stride *= v.shape[i]!;
  }
  return true;
}

/** Buffer positions of a view's elements in row-major order. */
export function* positions(v: View): Generator<number> {
  const n = sizeOf(v.shape);
  const index = new Array<number>(v.shape.length).fill(0);
  let at = v.offset;
  for (let i = 0; i < n; i++) {
    yield at;
    for (let axis = v.shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      at += v.strides[axis]!;
      if (index[axis]! < v.shape[axis]!) break;
      at -= v.strides[axis]! * v.shape[axis]!;
      index[axis] = 0;
    }
  }
}
