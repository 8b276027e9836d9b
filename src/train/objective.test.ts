/** Layers that behave differently in training, as the objective takes them. */
import { expect, test } from "vitest";
import { lanczos } from "../curvature/index.ts";
import { memoryHost } from "../data/index.ts";
import { wasm } from "../engine/backends/wasm.ts";
import { parseRun } from "../run/parse-run.ts";
import { type BuiltRun, buildRun } from "./build.ts";
import { runObjective } from "./objective.ts";
import { optimizerOf, preconditionerOf } from "./preconditioner.ts";

const build = (more: object): Promise<BuiltRun> =>
  buildRun(
    parseRun({
      name: "small",
      data: { source: "lesson-logistic" },
      loss: "bce-with-logits",
      model: { kind: "linear" },
      optimizer: { name: "sgd", lr: 0.1 },
      batchSize: 50,
      epochs: 1,
      validation: 0,
      ...more,
    }),
    { host: memoryHost({}), backend: wasm },
  );

test("dropout is off, so that the loss is a function of the weights alone", async () => {
  const mlp = { kind: "mlp", hidden: [6], activation: "tanh" };
  const [dry, plain] = [await build({ model: { ...mlp, dropout: 0.5 } }), await build({ model: mlp })];
  const weights = (run: BuiltRun) => run.step.state.filter((t) => t.name.startsWith("param."));
  weights(dry).forEach((t, i) => t.values.set(weights(plain)[i]!.values));
  const [a, b] = [runObjective(dry), runObjective(plain)];
  expect(a.notes).toEqual(["dropout is off"]);
  expect(a.loss()).toBe(b.loss());
  const [x, y] = [await lanczos(a.hessian), await lanczos(b.hessian)];
  expect(x.largest.value).toBeCloseTo(y.largest.value, 10);
});

test("all rows in chunks are the mean over all rows, whatever the chunks", async () => {
  const run = await build({ data: { source: "lesson-ill-conditioned" } }); // 1000 rows: 4 chunks, the last partial
  const whole = runObjective(run, { rows: "full" });
  const out = new Float64Array(whole.size);
  const all = Int32Array.from({ length: 1000 }, (_, i) => i);
  expect(whole.gradientOfRows(all, new Float64Array(whole.size))).toBeCloseTo(whole.gradient(out), 12);
  // the gradient's difference quotient along a direction is the Hessian's product
  const v = Float64Array.from(out, (_, i) => Math.cos(i));
  const product = new Float64Array(whole.size);
  whole.hessian.apply(v, product);
  const h = 1e-6;
  const beside = (sign: number): Float64Array => {
    const g = new Float64Array(whole.size);
    const point = whole.point();
    whole.moveTo(point.map((p, i) => p + sign * h * v[i]!));
    whole.gradient(g);
    whole.moveTo(point);
    return g;
  };
  const [right, left] = [beside(1), beside(-1)];
  product.forEach((p, i) => expect((right[i]! - left[i]!) / (2 * h)).toBeCloseTo(p, 3));
});

test("one batch is the run's first batch", async () => {
  const run = await build({});
  const batch = runObjective(run, { rows: "batch" });
  expect(batch.rows).toBe(50);
  expect(batch.loss()).toBeCloseTo(run.advance(0, 0).loss, 5);
});

test("an optimizer's preconditioner is read from its state, clipped or not", async () => {
  for (const more of [{}, { clip: { globalNorm: 1 } }]) {
    const run = await build({ optimizer: { name: "adam", lr: 0.01, betas: [0.9, 0.99] }, ...more });
    expect(preconditionerOf(run, 0)).toBeNull();
    for (let k = 0; k < 3; k++) run.advance(k, 0.01);
    const p = preconditionerOf(run, 3)!;
    const v = run.step.state.filter((t) => /\.v\./.test(t.name)).flatMap((t) => Array.from(t.values));
    expect(p).toHaveLength(run.parameters);
    p.forEach((x, i) => expect(x).toBeCloseTo(Math.sqrt(v[i]! / (1 - 0.99 ** 3)) + 1e-8, 12));
  }
  const sgd = await build({});
  expect(preconditionerOf(sgd, 5)).toBeNull();
  expect(optimizerOf(sgd).options).toMatchObject({ lr: 0.1, momentum: 0, weightDecay: 0 });
});
