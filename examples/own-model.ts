// A run that brings its own model and loss: a residual network, and the Huber loss with a penalty on large outputs.
import { defineRun, nn, ops, type Run, SteepestError, type train } from "steepest";

const block = (width: number): nn.Layer => {
  const inner = nn.sequential(nn.linear(width, width), nn.tanh());
  return nn.compose({ inner }, (call, x) => ops.add(x, call("inner", x)));
};

const model = ({ inputShape, outputs }: train.ModelSizes): nn.Layer => {
  const [features] = inputShape;
  if (features === undefined) throw new SteepestError("model", "own-model.ts needs rows of features");
  return nn.sequential(nn.linear(features, 16), block(16), block(16), nn.linear(16, outputs));
};

const loss: train.LossFunction = (output, { y }) => {
  const error = ops.abs(ops.sub(output, ops.reshape(y!, output.shape)));
  const huber = ops.select(ops.le(error, 1), ops.mul(ops.square(error), 0.5), ops.sub(error, 0.5));
  return ops.add(ops.mean(huber), ops.mul(ops.mean(ops.square(output)), 1e-4));
};

const run: Run = defineRun({
  data: { source: "lesson-least-squares" },
  model,
  loss,
  optimizer: { name: "adam", lr: 0.01 },
  batchSize: 50,
  epochs: 100,
  validation: 0.2,
});

export default run;
