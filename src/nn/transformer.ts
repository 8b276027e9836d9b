import { add, type Expr, iota, matmul, take } from "../engine/graph/index.ts";
import { findActivation } from "./activations.ts";
import { multiHeadAttention } from "./attention.ts";
import { compose, sequential } from "./compose.ts";
import { dropout as dropoutLayer } from "./dropout.ts";
import { embedding } from "./embedding.ts";
import { nnError, requireSizes } from "./errors.ts";
import { constantInit, normalInit } from "./init.ts";
import type { Layer, ParamSpec } from "./layer.ts";
import { linear } from "./linear.ts";
import { layerNorm } from "./norm.ts";
import { share } from "./width.ts";

/** Options of `transformerBlock`. */
export interface TransformerBlockOptions {
  /** Width of the feed-forward part; default 4·width. */
  readonly feedForward?: number;
  readonly causal?: boolean;
  readonly dropout?: number;
  readonly activation?: string;
  /** See `GptOptions`. */
  readonly widthMultiplier?: number;
}

/**
 * A pre-norm block: x + attention(norm(x)), then x + feedForward(norm(x)). Tensors and dropout places are those of
 * PyTorch's `nn.TransformerEncoderLayer(norm_first=True, batch_first=True)`. x [N, T, width] → the same shape.
 */
export function transformerBlock(
  width: number,
  heads: number,
  {
    feedForward = 4 * width,
    causal = false,
    dropout = 0,
    activation = "gelu",
    widthMultiplier = 1,
  }: TransformerBlockOptions = {},
): Layer {
  return compose(
    {
      self_attn: multiHeadAttention(width, heads, { causal, dropout, widthMultiplier }),
      linear1: linear(width, feedForward),
      activation: findActivation(activation).make(),
      dropout: dropoutLayer(dropout),
      linear2: linear(feedForward, width),
      norm1: layerNorm(width),
      norm2: layerNorm(width),
      dropout1: dropoutLayer(dropout),
      dropout2: dropoutLayer(dropout),
    },
    (call, x) => {
      const through = (names: readonly string[], input: Expr) =>
        names.reduce((h, name) => call(name, h), input);
      const attended = add(x, through(["norm1", "self_attn", "dropout1"], x));
      const feed = ["norm2", "linear1", "activation", "dropout", "linear2", "dropout2"];
      return add(attended, through(feed, attended));
    },
  );
}

/** Sizes of the model that `gpt` makes. */
export interface GptOptions {
  /** Number of different tokens. */
  readonly vocabulary: number;
  /** Longest sequence. */
  readonly context: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly dropout?: number;
  readonly feedForward?: number;
  readonly activation?: string;
  /** The output layer shares its weight with the token embedding. */
  readonly tied?: boolean;
  /** Logits of every position [N, T, vocabulary], or of the last one only [N, vocabulary]. */
  readonly predict?: "every" | "next";
  /** How many times as wide as its base the model is, for maximal-update parametrization (width.ts). Default 1. */
  readonly widthMultiplier?: number;
}

/**
 * A GPT-like language model: token and position embeddings, causal pre-norm blocks, a last norm, logits.
 * int32 tokens [N, T ≤ context] → logits. Starts as GPT-2: N(0, 0.02²) for weights, 0 for biases, and the two matrices
 * that write into the residual stream of each block divided by √(2·layers).
 */
export function gpt({
  vocabulary,
  context,
  layers,
  width,
  heads,
  dropout = 0,
  feedForward = 4 * width,
  activation = "gelu",
  tied = false,
  predict = "every",
  widthMultiplier: m = 1,
}: GptOptions): Layer {
  requireSizes("transformer", { vocabulary, context, layers, width, heads });
  const block = (): Layer =>
    transformerBlock(width, heads, { causal: true, dropout, feedForward, activation, widthMultiplier: m });
  const model = compose(
    {
      tokens: embedding(vocabulary, width),
      positions: embedding(context, width),
      dropout: dropoutLayer(dropout),
      blocks: sequential(...Array.from({ length: layers }, block)),
      norm: layerNorm(width),
      ...(tied ? {} : { head: linear(width, vocabulary, { bias: false }) }),
    },
    (call, x, own) => {
      const t = x.shape[1] ?? 0;
      if (x.shape.length !== 2 || t > context)
        throw nnError(`transformer: needs tokens [N, up to ${context}], got [${x.shape.join(", ")}]`);
      const h = call("dropout", add(call("tokens", x), call("positions", iota([t]))));
      const normed = call("norm", call("blocks", h));
      const read = share(predict === "next" ? take(normed, 1, t - 1) : normed, m);
      if (!tied) return call("head", read);
      return matmul(read, own["tokens.weight"]!, { transposeB: true });
    },
  );
  return { ...model, params: gpt2Init(model.params, layers, m) };
}

/** Matrices inside the blocks grow in both axes: under µP their deviation falls with the root of the width. */
function gpt2Init(params: Layer["params"], layers: number, m: number): Layer["params"] {
  const start = (name: string, { shape, init }: ParamSpec): ParamSpec => {
    if (name.includes("norm")) return { shape, init };
    if (name.endsWith("bias")) return constantInit(shape, 0);
    const residual = name.endsWith("out_proj.weight") || name.endsWith("linear2.weight");
    const std = name.startsWith("blocks.") ? 0.02 / Math.sqrt(m) : 0.02;
    return normalInit(shape, residual ? std / Math.sqrt(2 * layers) : std);
  };
  return Object.fromEntries(Object.entries(params).map(([name, spec]) => [name, start(name, spec)]));
}
