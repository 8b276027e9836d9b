/**
 * The gradient of a convolution's input is a convolution too: of the output's gradient with zeros around it, by the weight
 * turned round. Differentiation gives a product instead whose columns are added up where windows overlap; it is rewritten
 * here, so that no columns are stored. Strides beyond 1 keep them: zeros between the gradient's elements would be multiplied.
 */
import { type Node, remake, topologicalOrder } from "../../graph/expr.ts";
import { constant, type Expr, gather, matmul, pad, permute, reshape, windows } from "../../graph/index.ts";
import { sizeOf } from "../../graph/shape.ts";
import { contiguous, permuteView, reshapeView, type View } from "../../graph/strided.ts";

/** The same roots, in which a weight's product that is folded is a product with windows. */
export function convolutions(roots: readonly Expr[]): Expr[] {
  const nodes = topologicalOrder(roots);
  const readers = new Map<Expr, Expr[]>(roots.map((r) => [r, [r]]));
  for (const node of nodes) for (const x of node.inputs) readers.set(x, [...(readers.get(x) ?? []), node]);
  const done = new Map<Expr, Expr>();
  for (const node of nodes) {
    const inputs = node.inputs.map((x) => done.get(x)!);
    const own = inputs.every((x, i) => x === node.inputs[i]) ? node : remake(node, inputs);
    const [first] = inputs;
    const [reader, ...others] = readers.get(node)!;
    const inPart = others.length === 0 && reader !== node && isPiece(reader!);
    if (own.op === "foldWindows" && !inPart) done.set(node, turned(own, whole(own)) ?? own);
    else if (isPiece(own) && first?.op === "foldWindows")
      done.set(node, turned(first, { starts: own.attrs.starts, shape: own.shape }) ?? own);
    else done.set(node, own);
  }
  return roots.map((r) => done.get(r)!);
}

/** The part of a fold that is read. */
interface Piece {
  readonly starts: readonly number[];
  readonly shape: readonly number[];
}
const whole = ({ shape }: Expr): Piece => ({ starts: shape.map(() => 0), shape });
const isPiece = (e: Expr): e is Node<"slice"> => e.op === "slice" && e.attrs.steps.every((s) => s === 1);

/** The sizes of a convolution whose columns a fold adds up. */
interface Sizes {
  readonly images: number;
  readonly groups: number;
  /** Channels of the fold and of the product's right side, in each group. */
  readonly inside: number;
  readonly outside: number;
  readonly positions: readonly number[];
}

/** A piece of a fold as a convolution, or null where the fold does not add up a product of a weight. */
function turned(fold: Node<"foldWindows">, { starts, shape }: Piece): Expr | null {
  const { sizes, strides, dilations, products } = fold.attrs;
  const product = through(fold);
  if (product === null || strides.some((s) => s !== 1)) return null;
  const [a, gradient] = product.of.inputs as [Expr, Expr];
  const { images, groups, inside, outside, positions } = product.sizes;
  const weight = images === 1 ? a : unrepeated(a, groups * outside);
  const axes = [...positions.keys()];
  // position j of the input is reached from j − reach to j
  const low = axes.map((i) => dilations[i]! * (sizes[i]! - 1) - starts[i + 2]!);
  const high = axes.map((i) => starts[i + 2]! + shape[i + 2]! - positions[i]!);
  const lead = shape[0] === images && shape[1] === groups * inside;
  if (weight === null || !lead || [...low, ...high].some((p) => p < 0)) return null;

  const window = sizeOf(sizes);
  const taps = permute(reshape(weight, [groups, outside, inside, window]), [3, 0, 1, 2]);
  const order = constant(Int32Array.from({ length: window }, (_, i) => window - 1 - i));
  const back = reshape(permute(gather(taps, order), [1, 3, 2, 0]), [groups, inside, outside * window]);
  const around = pad(
    reshape(gradient, [images, groups * outside, ...positions]),
    [0, 0, ...low],
    [0, 0, ...high],
  );
  const seen = windows(around, { sizes, dilations, products });
  const grouped = reshape(seen, [images, groups, outside, ...seen.shape.slice(2)]);
  const k = axes.length;
  const ordered = permute(grouped, [0, 1, 2, ...axes.map((i) => i + 3 + k), ...axes.map((i) => i + 3)]);
  const columns = reshape(ordered, [images, groups, outside * window, sizeOf(shape.slice(2))]);
  return reshape(matmul(back, columns), shape);
}

/** The product whose columns, in the order of windows, a fold adds up. */
function through(fold: Node<"foldWindows">): { of: Node<"matmul">; sizes: Sizes } | null {
  const views: Expr[] = [];
  let of = fold.inputs[0]!;
  for (; of.op === "reshape" || of.op === "permute"; of = of.inputs[0]!) views.push(of);
  if (of.op !== "matmul" || !of.attrs.transposeA || of.attrs.transposeB || sizeOf(of.shape) === 0)
    return null;
  let view: View | null = contiguous(of.shape);
  for (const e of views.reverse()) {
    if (view === null) return null;
    view = e.op === "permute" ? permuteView(view, e.attrs.axes) : reshapeView(view, e.shape);
  }
  const { shape } = fold.inputs[0]!;
  const k = fold.attrs.sizes.length;
  const axes = [...Array(k).keys()];
  const positions = shape.slice(-2 * k, -k);
  if (shape.length !== 2 * k + 2 || view === null) return null;
  // images, channels, the window, its positions: so the product has them, row-major
  const stored = contiguous([...shape.slice(0, 2), ...shape.slice(-k), ...positions]);
  const expected = permuteView(stored, [0, 1, ...axes.map((i) => i + 2 + k), ...axes.map((i) => i + 2)]);
  if (!expected.strides.every((s, i) => shape[i] === 1 || s === view.strides[i])) return null;
  const [rows, columns] = of.shape.slice(-2) as [number, number];
  const inside = rows / sizeOf(fold.attrs.sizes);
  const [images, channels] = shape as [number, number];
  if (columns !== sizeOf(positions) || !Number.isInteger(inside) || channels % inside !== 0) return null;
  const outside = of.inputs[1]!.shape.at(-2)!;
  return { of, sizes: { images, groups: channels / inside, inside, outside, positions } };
}

/** What a weight was repeated from for each image, `rows` rows in all; null where images have weights of their own. */
function unrepeated(a: Expr, rows: number): Expr | null {
  if (a.op !== "broadcast") return null;
  const [x] = a.inputs as [Expr];
  const own = x.shape.length === a.shape.length ? x.shape.slice(1) : x.shape;
  const repeats = x.shape.length < a.shape.length || x.shape[0] === 1;
  return repeats && sizeOf(own) === rows * a.shape.at(-1)! ? x : null;
}
