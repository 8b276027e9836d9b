/**
 * Maximal-update parametrization (µP): initial values, forward scales and rates under which the best learning rate of a
 * narrow model is that of a wide one. Yang et al. 2022, Tensor Programs V (arXiv 2203.03466), Table 8 and section 8: at
 * `baseWidth` a model is the standard one to the bit; its rates, and its scales, follow from how many times as wide it is.
 */
import { type Expr, mul } from "../engine/graph/index.ts";
import { nnError } from "./errors.ts";
import type { Layer, ParamSpec } from "./layer.ts";

/** What a model of the kinds that have it says of its parametrization. */
export interface Parametrized {
  readonly parametrization?: "standard" | "mup";
  /** The width at which µP is the standard parametrization. Default 64. */
  readonly baseWidth?: number;
}

/** A model as a run file declares it, as far as its width goes. */
export type Widths =
  | (Parametrized & { readonly kind: "mlp"; readonly hidden: readonly number[] })
  | (Parametrized & { readonly kind: "transformer"; readonly width: number; readonly feedForward?: number });

const DEFAULT_BASE_WIDTH = 64;

/** How many times as wide as its base a model is: its first hidden layer's size, or its width, over `baseWidth`; 1 without µP. */
export function widthMultiplier(spec: Widths): number {
  if (spec.parametrization !== "mup") return 1;
  const width = spec.kind === "mlp" ? spec.hidden[0] : spec.width;
  if (width === undefined) throw nnError("mup: the model has no hidden layer", 'leave out "parametrization"');
  return width / (spec.baseWidth ?? DEFAULT_BASE_WIDTH);
}

/** Whether a model's scales and rates follow its width. */
export const isMup = (spec: object): spec is Widths =>
  "parametrization" in spec && spec.parametrization === "mup";

/** The model so many times as wide; its heads stay as many. Throws `model` for a width that is no whole number. */
export function widened<M extends Widths>(spec: M, factor: number): M {
  const times = (width: number): number => {
    const wide = width * factor;
    if (Number.isInteger(wide)) return wide;
    throw nnError(`a width of ${width} times ${factor} is ${wide}`, "choose factors that give whole widths");
  };
  if (spec.kind === "mlp") return { ...spec, hidden: spec.hidden.map(times) };
  const { width, feedForward }: { width: number; feedForward?: number } = spec;
  return {
    ...spec,
    width: times(width),
    ...(feedForward !== undefined && { feedForward: times(feedForward) }),
  };
}

/** How many axes of each parameter grow with the width, from the same model at another width: 0, 1 (vectors) or 2 (matrices). */
export const growingAxes = (model: Layer, wider: Layer): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(model.params).map(([name, { shape }]) => [
      name,
      shape.filter((size, axis) => size !== wider.params[name]!.shape[axis]).length,
    ]),
  );

/** The layer with its initial values times factors, by parameter name. */
export const scaledStart = (layer: Layer, factors: Readonly<Record<string, number>>): Layer => ({
  ...layer,
  params: Object.fromEntries(
    Object.entries(layer.params).map(([name, spec]): [string, ParamSpec] => {
      const factor = factors[name] ?? 1;
      return [
        name,
        factor === 1
          ? spec
          : { shape: spec.shape, init: (random) => spec.init(random).map((v) => v * factor) },
      ];
    }),
  ),
});

/** The layer reads its input divided by `m`. */
export const readingShare = (layer: Layer, m: number): Layer =>
  m === 1 ? layer : { ...layer, forward: (p, x, context) => layer.forward(p, share(x, m), context) };

/** x/m. */
export const share = (x: Expr, m: number): Expr => (m === 1 ? x : mul(x, 1 / m));
