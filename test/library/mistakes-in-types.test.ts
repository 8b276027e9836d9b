/** Mistakes that don't compile. `tsc` is the judge of the marked lines; that they fail when run shows each is one. */
import { expect, test } from "vitest";
import { losses, nn, optim, train } from "../../src/index.ts";

const parts = {
  model: nn.linear(3, 2),
  optimizer: optim.sgd({ lr: 0.1 }),
  batch: { x: [4, 3], y: [4, 2] },
} as const;
const mse: train.LossFunction<typeof parts.batch> = (out, { y }) => losses.mse(out, y);
const data = { x: [[0, 1, 2]], y: [1] };
const common = { model: nn.linear(3, 1), loss: "mse", optimizer: optim.sgd({ lr: 0.1 }), data } as const;

const fails = (run: () => unknown): Promise<void> => expect((async () => run())()).rejects.toThrow();

test("what a step is made of", async () => {
  // @ts-expect-error: a name is no optimizer
  await fails(() => train.trainStep({ ...parts, loss: mse, optimizer: "adam" }));
  // @ts-expect-error: the optimizer is not called
  await fails(() => train.trainStep({ ...parts, loss: mse, optimizer: optim.adam }));
  // @ts-expect-error: the layer is not called
  await fails(() => nn.sequential(nn.linear(3, 2), nn.relu));
  // @ts-expect-error: the loss returns nothing
  await fails(() => train.trainStep({ ...parts, loss: () => {} }));
  // @ts-expect-error: the loss returns a promise
  await fails(() => train.trainStep({ ...parts, loss: async (out, { y }) => losses.mse(out, y) }));
  // @ts-expect-error: the batch has no z
  await fails(() => train.trainStep({ ...parts, loss: (out, { z }) => losses.mse(out, z) }));
  // @ts-expect-error: the option is called lr
  await fails(() => optim.adamw({ learningRate: 0.1 }));
});

test("what a step is called with", async () => {
  const step = train.trainStep({ ...parts, loss: mse });
  const [x, y] = [new Float32Array(12), new Float32Array(8)];
  // @ts-expect-error: y is missing
  await fails(() => step({ x }));
  // @ts-expect-error: there is no weights
  await fails(() => step({ x, y, weights: y }));
  // @ts-expect-error: words are no numbers
  await fails(() => step({ x: Array<string>(12).fill("1"), y }));
});

test("fit", async () => {
  expect((await train.fit({ ...common, epochs: 1 })).steps).toBe(1);
  // @ts-expect-error: the option is called epochs
  await fails(() => train.fit({ ...common, epoch: 1 }));
  // @ts-expect-error: no loss of this name
  await fails(() => train.fit({ ...common, loss: "mean-squared" }));
  // @ts-expect-error: no schedule of this name
  await fails(() => train.fit({ ...common, schedule: "cosin" }));
  // @ts-expect-error: words are no features
  await fails(() => train.fit({ ...common, data: { x: [["a", "b", "c"]], y: [1] } }));
  // @ts-expect-error: data is missing
  await fails(() => train.fit({ model: common.model, loss: "mse", optimizer: common.optimizer }));
});
