import { type Shape, sizeOf } from "../engine/graph/index.ts";
import { findActivation } from "./activations.ts";
import { batchNorm } from "./batch-norm.ts";
import { sequential } from "./compose.ts";
import { conv2d } from "./conv.ts";
import { dropout as dropoutLayer } from "./dropout.ts";
import { nnError, requireSizes } from "./errors.ts";
import type { Layer } from "./layer.ts";
import { flatten, linear, unflatten } from "./linear.ts";
import { maxPool2d } from "./pool.ts";
import { gpt } from "./transformer.ts";
import { type Parametrized, readingShare, scaledStart, widthMultiplier } from "./width.ts";

/** One linear layer from the features to the outputs: linear and logistic regression. */
export interface LinearModel {
  readonly kind: "linear";
  readonly bias?: boolean;
}

/** Linear layers with an activation, and dropout where asked, after each but the last. */
export interface MlpModel extends Parametrized {
  readonly kind: "mlp";
  /** Sizes of the hidden layers. */
  readonly hidden: readonly number[];
  readonly activation?: string;
  readonly dropout?: number;
}

/** Per entry of `channels`: convolution (same size), optional batch norm, activation, pooling; then an MLP. */
export interface CnnModel {
  readonly kind: "cnn";
  readonly channels: readonly number[];
  /** [channels, height, width], for data that comes as flat rows. */
  readonly image?: readonly number[];
  readonly kernel?: number;
  /** Side of the max-pooling window; 1 for none. */
  readonly pool?: number;
  readonly batchNorm?: boolean;
  readonly hidden?: readonly number[];
  readonly activation?: string;
  readonly dropout?: number;
}

/** A GPT-like language model. `vocabulary` and `context` default to what the data has. */
export interface TransformerModel extends Parametrized {
  readonly kind: "transformer";
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly context?: number;
  readonly vocabulary?: number;
  readonly feedForward?: number;
  readonly activation?: string;
  readonly dropout?: number;
  readonly tied?: boolean;
  readonly predict?: "every" | "next";
}

/** The models that a run file declares by kind and sizes alone. */
export type BuiltModel = LinearModel | MlpModel | CnnModel | TransformerModel;

/** What the data decides about a model. */
export interface ModelSizes {
  /** One example's shape, without the batch axis. */
  readonly inputShape: Shape;
  /** Classes, or numbers to predict. */
  readonly outputs: number;
}

/** The model a run file declares, for data of these sizes. Throws `model` when they do not fit. */
export function buildModel(spec: BuiltModel, sizes: ModelSizes): Layer {
  requireSizes("model", { outputs: sizes.outputs });
  switch (spec.kind) {
    case "linear":
      return sequential(
        ...flattened(sizes.inputShape),
        linear(sizeOf(sizes.inputShape), sizes.outputs, spec),
      );
    case "mlp":
      return sequential(
        ...flattened(sizes.inputShape),
        ...dense(sizeOf(sizes.inputShape), spec.hidden, sizes.outputs, { ...spec, m: widthMultiplier(spec) }),
      );
    case "cnn":
      return buildCnn(spec, sizes);
    case "transformer":
      return buildTransformer(spec, sizes);
  }
}

const flattened = (inputShape: Shape): Layer[] => (inputShape.length === 1 ? [] : [flatten()]);

function dense(
  inSize: number,
  hidden: readonly number[],
  outputs: number,
  { activation = "relu", dropout = 0, m = 1 }: { activation?: string; dropout?: number; m?: number },
): Layer[] {
  const { make } = findActivation(activation);
  const widths = [inSize, ...hidden];
  const layers = hidden.flatMap((width, i) => [
    // a bias starts from ±1/√fan-in: under µP that stays as in the base model
    scaledStart(linear(widths[i]!, width), i === 0 ? {} : { bias: Math.sqrt(m) }),
    make(),
    ...(dropout > 0 ? [dropoutLayer(dropout)] : []),
  ]);
  const last = linear(widths[widths.length - 1]!, outputs);
  return [...layers, readingShare(scaledStart(last, { weight: Math.sqrt(m), bias: Math.sqrt(m) }), m)];
}

function buildCnn(
  {
    channels,
    image,
    kernel = 3,
    pool = 2,
    batchNorm: normalise = false,
    hidden = [],
    activation = "relu",
    dropout = 0,
  }: CnnModel,
  { inputShape, outputs }: ModelSizes,
): Layer {
  const [depth, height, width] = imageShape(inputShape, image);
  const { make } = findActivation(activation);
  const depths = [depth, ...channels];
  const layers: Layer[] = inputShape.length === 3 ? [] : [unflatten([depth, height, width])];
  let [h, w] = [height, width];
  channels.forEach((out, i) => {
    layers.push(conv2d(depths[i]!, out, kernel, { padding: "same", bias: !normalise }));
    if (normalise) layers.push(batchNorm(out));
    layers.push(make());
    if (pool === 1) return;
    if (Math.min(h, w) < pool)
      throw nnError(
        `cnn: after ${i} poolings the image is ${h}×${w}, smaller than the window ${pool}×${pool}`,
        "use fewer channels entries or a smaller pool",
      );
    layers.push(maxPool2d(pool));
    [h, w] = [Math.floor((h - pool) / pool) + 1, Math.floor((w - pool) / pool) + 1];
  });
  layers.push(flatten());
  return sequential(
    ...layers,
    ...dense(depths[depths.length - 1]! * h * w, hidden, outputs, { activation, dropout }),
  );
}

/** [C, H, W] of the examples; flat rows need `image`, two axes are one channel. */
function imageShape(
  inputShape: Shape,
  image: readonly number[] | undefined,
): readonly [number, number, number] {
  const shape = image ?? (inputShape.length === 2 ? [1, ...inputShape] : inputShape);
  const [channels, height, width] = shape;
  if (
    channels === undefined ||
    height === undefined ||
    width === undefined ||
    shape.length !== 3 ||
    sizeOf(shape) !== sizeOf(inputShape)
  )
    throw nnError(
      `cnn: examples of shape [${inputShape.join(", ")}] are not images${image ? ` [${image.join(", ")}]` : ""}`,
      "give the model `image: [channels, height, width]` with as many values as an example has",
    );
  return [channels, height, width];
}

function buildTransformer(spec: TransformerModel, { inputShape, outputs }: ModelSizes): Layer {
  const { kind: _, vocabulary, context, parametrization: __, baseWidth: ___, ...rest } = spec;
  if (inputShape.length !== 1)
    throw nnError(
      `transformer: needs rows of tokens, not examples of shape [${inputShape.join(", ")}]`,
      'use text data: { "text": "file.txt", "context": 64 }',
    );
  const length = inputShape[0]!;
  if (context !== undefined && context < length)
    throw nnError(
      `transformer: its context ${context} is shorter than the data's rows of ${length} tokens`,
      `set the model's context to ${length} or more, or leave it out`,
    );
  if (vocabulary !== undefined && vocabulary < outputs)
    throw nnError(
      `transformer: its vocabulary ${vocabulary} is smaller than the data's ${outputs} tokens`,
      "leave `vocabulary` out: the data knows it",
    );
  const sizes = { vocabulary: vocabulary ?? outputs, context: context ?? length };
  return gpt({ ...rest, ...sizes, widthMultiplier: widthMultiplier(spec) });
}
