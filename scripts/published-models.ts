/** Two well-known models, of the sizes whose training speed was published: their steps are counted, never run. */
import { add } from "../src/engine/graph/index.ts";
import * as nn from "../src/nn/index.ts";
import { softmaxCrossEntropy } from "../src/nn/losses/index.ts";
import { adamw, sgd } from "../src/optim/index.ts";
import type { StepParts } from "../src/train/trace.ts";

const { conv2d, batchNorm, relu, sequential, compose } = nn;

const convolved = (from: number, to: number, size: number, stride = 1): nn.Layer =>
  sequential(conv2d(from, to, size, { stride, padding: (size - 1) / 2, bias: false }), batchNorm(to));

/** He et al. 2016, figure 5 on the right; the stride stands at the 3×3 windows, as in torchvision's v1.5. */
function bottleneck(from: number, width: number, stride: number): nn.Layer {
  const to = 4 * width;
  const inner = sequential(
    convolved(from, width, 1),
    relu(),
    convolved(width, width, 3, stride),
    relu(),
    convolved(width, to, 1),
  );
  const beside = stride === 1 && from === to ? nn.identity() : convolved(from, to, 1, stride);
  return compose({ inner, beside }, (call, x) => add(call("inner", x), call("beside", x)));
}

/** He et al. 2016, table 1: width, blocks and stride of each stage. */
const STAGES = [
  [64, 3, 1],
  [128, 4, 2],
  [256, 6, 2],
  [512, 3, 2],
] as const;

/** ResNet-50 on images of 224 by 224 with 1,000 classes, SGD with momentum. */
export function resnet50(rows: number): StepParts {
  const blocks = STAGES.flatMap(([width, count, stride], i) =>
    Array.from({ length: count }, (_, k) =>
      sequential(
        k > 0 ? bottleneck(4 * width, width, 1) : bottleneck(i === 0 ? 64 : 2 * width, width, stride),
        relu(),
      ),
    ),
  );
  return {
    model: sequential(
      convolved(3, 64, 7, 2),
      relu(),
      nn.maxPool2d(3, { stride: 2, padding: 1 }),
      ...blocks,
      nn.globalAvgPool2d(),
      nn.linear(2048, 1000),
    ),
    loss: (output, batch) => softmaxCrossEntropy(output, batch["y"]!),
    optimizer: sgd({ lr: 0.1, momentum: 0.9 }),
    batch: { x: [rows, 3, 224, 224], y: { shape: [rows], dtype: "int32" } },
  };
}

/**
 * A transformer of BERT-large's sizes (Devlin et al. 2019) on 512 tokens, every one of them predicted. BERT reads both ways
 * and predicts 80 tokens of a row, which saves a part of the last product.
 */
export const bertLarge = (rows: number): StepParts => ({
  model: nn.gpt({ vocabulary: 30_522, context: 512, layers: 24, width: 1024, heads: 16, tied: true }),
  loss: (output, batch) => softmaxCrossEntropy(output, batch["y"]!),
  optimizer: adamw({ lr: 1e-4 }),
  batch: { x: { shape: [rows, 512], dtype: "int32" }, y: { shape: [rows, 512], dtype: "int32" } },
});
