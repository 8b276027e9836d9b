/** A model with an operation that PyTorch has no word for: overlapping windows added up along one axis. */
import * as ops from "../../src/engine/graph/index.ts";
import * as nn from "../../src/nn/index.ts";

const fold: nn.Layer = nn.plainLayer((x) => {
  const window = { sizes: [2], strides: [1], dilations: [1] };
  return ops.foldWindows(ops.windows(x, window), [x.shape[1]!], window);
});

export const model = ({
  inputShape,
  outputs,
}: {
  inputShape: readonly number[];
  outputs: number;
}): nn.Layer => nn.sequential(fold, nn.linear(inputShape[0]!, outputs));
