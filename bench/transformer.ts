/** The training step of a transformer, W3's unless told otherwise: for the workloads and for the bench of optimizers. */
import type { Backend } from "../src/engine/backend.ts";
import { add, iota } from "../src/engine/graph/index.ts";
import * as nn from "../src/nn/index.ts";
import * as losses from "../src/nn/losses/index.ts";
import type { Transform } from "../src/optim/index.ts";
import { type TrainStep, trainStep } from "../src/train/program.ts";
import { type GptSizes, gpts } from "./data.ts";

interface Tokens {
  readonly shape: readonly [number, number];
  readonly dtype: "int32";
}

/** x, y int32 [batch, context]. */
export function transformerStep(
  backend: Backend,
  optimizer: Transform,
  { batch, context, vocabulary, width, heads, layers }: GptSizes = gpts.w3,
): TrainStep<{ readonly x: Tokens; readonly y: Tokens }> {
  const block = () => nn.transformerBlock(width, heads, { causal: true, activation: "gelu-tanh" });
  const model = nn.compose(
    {
      tok: nn.embedding(vocabulary, width),
      pos: nn.embedding(context, width),
      blocks: nn.sequential(...Array.from({ length: layers }, block)),
      norm: nn.layerNorm(width),
      head: nn.linear(width, vocabulary),
    },
    (call, x) =>
      call("head", call("norm", call("blocks", add(call("tok", x), call("pos", iota([context])))))),
  );
  const tokens: Tokens = { shape: [batch, context], dtype: "int32" };
  return trainStep({
    model,
    loss: (logits, { y }) => losses.softmaxCrossEntropy(logits, y!),
    optimizer,
    batch: { x: tokens, y: tokens },
    backend,
    late: backend.name === "webgpu",
  });
}
