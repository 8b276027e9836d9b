// A classifier of handwritten digits without a run file: model, loss and optimizer in code, one compiled call per step.
// Run it: npx jiti examples/train-in-code.ts
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chooseBackend, losses, nn, type ops, optim, train } from "steepest";
import { batchPlan, type DataHost, loadData, memoryHost } from "steepest/data";

/** Finds the digits in the package `@steepest/lab`. */
const host: DataHost = {
  ...memoryHost({}),
  readPackageFile: (name, path) => readFile(fileURLToPath(import.meta.resolve(`${name}/${path}`))),
};
const digits = await loadData({ source: "digits" }, host);
const test = digits.test!;

const model = nn.sequential(nn.linear(784, 128), nn.relu(), nn.linear(128, 10));
const loss = (output: ops.Expr, { y }: { readonly y: ops.Expr }): ops.Expr =>
  losses.softmaxCrossEntropy(output, y);
const optimizer = optim.chain(optim.clipByGlobalNorm(1), optim.adamw({ lr: 1e-3, weightDecay: 0.01 }));

const backend = await chooseBackend(); // WebAssembly, with the system's BLAS where there is one

const step = train.trainStep({
  backend,
  model,
  loss,
  optimizer,
  batch: { x: [64, 784], y: { shape: [64], dtype: "int32" } },
  seed: 42,
});
const batches = batchPlan({ n: digits.features.shape[0]!, batchSize: 64, seed: 42 });
const x = new Float32Array(64 * 784);
const y = new Int32Array(64);
const epochs = 3;
for (let i = 0; i < epochs * batches.stepsPerEpoch; i++) {
  batches.fill(i, digits.features, digits.target, x, y);
  const { loss: value, gradNorm } = step({ x, y }); // nothing to dispose of: the step's memory is planned
  if (i % 125 === 0) console.log(`step ${i}: loss ${value.toFixed(3)}, gradient norm ${gradNorm.toFixed(2)}`);
}

const check = train.evalStep({
  backend,
  model,
  measures: { loss, accuracy: (output, batch) => nn.classAccuracy(output, batch.y) },
  optimizer,
  batch: { x: [2000, 784], y: { shape: [2000], dtype: "int32" } },
});
check.load(step.state);
check.inputs.x.set(test.features.data);
check.inputs.y.set(test.target.data);
const { accuracy } = check.run();
export const testAccuracy: number = accuracy;
console.log(`${(100 * testAccuracy).toFixed(1)} % of 2,000 digits it never saw`);
