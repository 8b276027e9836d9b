/** A model that has one of each: convolutions, pools, norms, recurrence, attention; no random layers. */
import * as ops from "../../src/engine/graph/index.ts";
import * as nn from "../../src/nn/index.ts";

/** Operations that layers do not use, on rows [N, width]. */
const odd: nn.Layer = nn.plainLayer((x) => {
  const width = x.shape[1]!;
  const [left, right] = ops.split(x, [3, width - 3], 1) as [ops.Expr, ops.Expr];
  const back = ops.concat([right, ops.slice(left, [0, 0], [x.shape[0]!, 3], [1, 2])], 1);
  const waves = ops.add(ops.sin(back), ops.mul(ops.cos(back), ops.erf(back)));
  const logs = ops.sub(
    ops.log(ops.add(ops.square(back), 1)),
    ops.log1p(ops.expm1(ops.mul(ops.abs(back), 0.1))),
  );
  const peaks = ops.sub(ops.amax(x, { axes: 1, keepDims: true }), ops.amin(x, { axes: 1, keepDims: true }));
  const powers = ops.pow(ops.add(ops.abs(back), 1), 1.5);
  return ops.add(
    ops.add(ops.add(waves, logs), ops.mul(powers, 0.1)),
    ops.mul(peaks, ops.rsqrt(ops.add(ops.exp(back), 1))),
  );
});

const net = (outputs: number): nn.Layer =>
  nn.sequential(
    nn.conv2d(2, 4, 3, { stride: [2, 1], padding: 1, groups: 2 }), // [N, 4, 4, 8]
    nn.batchNorm(4),
    nn.elu(),
    nn.conv2d(4, 4, [3, 2], { dilation: [1, 2], padding: [1, 1] }),
    nn.avgPool2d(2, { stride: 2, padding: 1 }),
    nn.mish(),
    nn.maxPool2d([2, 1]),
    nn.flatten({ start: 2 }), // [N, 4, T·W]
    nn.layerNorm(5),
    nn.gru(5, 6),
    nn.multiHeadAttention(6, 2, { causal: true }),
    nn.rmsNorm(6),
    nn.flatten(),
    nn.softplus(),
    nn.linear(24, 12),
    nn.leakyRelu(),
    odd,
    nn.gelu({ approximate: "tanh" }),
    nn.linear(11, outputs),
  );

export const model = ({ outputs }: { outputs: number }): nn.Layer => net(outputs);
