import { describe, expect, test } from "vitest";
import { memoryHost } from "../data/index.ts";
import { diagnose } from "../diagnose/index.ts";
import { wasm } from "../engine/backends/wasm.ts";
import { mean, mul, square, sub } from "../engine/graph/index.ts";
import { dropout, linear, sequential, tanh } from "../nn/index.ts";
import * as losses from "../nn/losses/index.ts";
import { adamw, emaWeights, sgd } from "../optim/index.ts";
import { parseRun } from "../run/parse-run.ts";
import { buildRun } from "./build.ts";
import { buildCodeRun } from "./code-run.ts";
import type { FitStream } from "./feed.ts";
import { type FitOptions, fit } from "./fit.ts";
import type { FitData } from "./fit-data.ts";
import { train } from "./loop.ts";
import { trainStep } from "./program.ts";
import { loadWeights } from "./weights.ts";

/** y = 3·x₀ − 2·x₁ + 1 on a grid of 35 rows: a batch size of 8 leaves 3. */
const rows = Array.from({ length: 35 }, (_, i) => [Math.sin(i), Math.cos(3 * i)] as const);
const targets = rows.map(([a, b]) => 3 * a - 2 * b + 1);
const line = (more: Partial<FitOptions> = {}): FitOptions => ({
  model: linear(2, 1),
  loss: "mse",
  optimizer: adamw({ lr: 0.05, weightDecay: 0 }),
  data: { x: rows, y: targets },
  batchSize: 8,
  epochs: 4,
  ...more,
});
const valuesOf = ({ run }: Awaited<ReturnType<typeof fit>>): number[][] =>
  run.step.state.map((t) => [...t.values]);

test("a line is found, and predicted", async () => {
  const { predict, run, finalLoss } = await fit(line({ epochs: 200 }));
  expect(finalLoss).toBeLessThan(1e-8);
  const [weight, bias] = run.step.state.map((t) => [...t.values]);
  [3, -2].forEach((w, i) => expect(weight![i]).toBeCloseTo(w, 3));
  expect(bias![0]).toBeCloseTo(1, 3);
  const { values, shape } = predict([[1, 1], [0, 2]]); // biome-ignore format: two rows
  expect(shape).toEqual([2, 1]);
  [2, -3].forEach((y, i) => expect(values[i]).toBeCloseTo(y, 3));
});

describe("the form of the data does not matter", async () => {
  async function* later(): AsyncGenerator<{ x: readonly number[]; y: number }> {
    for (const [i, x] of rows.entries()) yield { x, y: targets[i]! };
  }
  async function* features(): AsyncGenerator<Float64Array> {
    for (const x of rows) yield Float64Array.from(x);
  }
  const forms: Record<string, FitOptions["data"]> = {
    "typed arrays in lists": { x: rows.map((r) => Float64Array.from(r)), y: Float64Array.from(targets) },
    tensors: {
      x: { values: rows.flat(), shape: [35, 2] },
      y: { values: Float64Array.from(targets), shape: [35, 1] },
    },
    "a set of rows": { x: new Set(rows), y: targets.values() },
    "parts that come later": { x: features(), y: targets },
    "examples one by one": rows.map((x, i) => ({ x, y: targets[i]! })),
    "examples that come later": later(),
  };
  const expected = valuesOf(await fit(line()));
  test.each(Object.entries(forms))("%s", async (_, data) => {
    expect(valuesOf(await fit(line({ data })))).toEqual(expected);
  });
});

test("the same as the run file that says the same, to the bit", async () => {
  const csv = ["a,b,y", ...rows.map((r, i) => [...r, targets[i]].join(","))].join("\n");
  const spec = parseRun({
    data: { csv: "line.csv", target: "y", task: "regression" },
    model: { kind: "mlp", hidden: [4], activation: "tanh" },
    optimizer: { name: "adamw", lr: 0.05 },
    schedule: { name: "warmup-cosine", warmupSteps: 3 },
    batchSize: 8,
    epochs: 3,
    validation: 0.2,
  });
  const file = await buildRun(spec, { host: memoryHost({ "line.csv": csv }), backend: wasm });
  const outcome = await train(file);
  const code = await fit(
    line({
      model: file.parts.model,
      optimizer: adamw({ lr: 0.05 }),
      schedule: { name: "warmup-cosine", warmupSteps: 3 },
      epochs: 3,
      validation: 0.2,
    }),
  );
  expect(code.finalLoss).toBe(outcome.finalLoss);
  expect(code.validation).toEqual(outcome.validation);
  expect(code.best).toEqual(outcome.best);
});

/** Noise in the targets and a wide model: the validation loss turns. */
const overfitted: FitOptions = line({
  model: sequential(linear(2, 64), tanh(), linear(64, 1)),
  optimizer: adamw({ lr: 0.05 }),
  data: { x: rows, y: targets.map((_, i) => Math.sin(100 * i * i)) },
  validation: 0.3,
  epochs: 500,
  patience: 5,
});

test("patience ends a run that overfits, and the best weights are kept", async () => {
  const { stoppedEarly, status, steps, best, weights, run, history } = await fit(overfitted);
  expect([status, stoppedEarly, weights]).toEqual(["done", true, "best"]);
  const { stepsPerEpoch } = run.plan;
  expect(steps).toBe(best!.step + 5 * stepsPerEpoch);
  expect(run.evaluate("validation")!["loss"]).toBe(best!.loss);
  const validation = history.series.find((s) => s.role === "validation")!;
  expect(Math.min(...validation.values)).toBe(best!.loss);
  expect(diagnose([history]).runs[0]!.series.loss).toBe("loss");
});

test("minDelta asks for more than any lower loss", async () => {
  const strict = await fit({ ...overfitted, minDelta: 10 });
  // nothing after the first epoch is lower by 10
  expect(strict.steps).toBe(6 * strict.run.plan.stepsPerEpoch);
});

/** Two sizes of batch, and an epoch's rest of a third. */
const growing = { sizes: [4, 8], starts: [0, 6], lrScaling: "sqrt" } as const;

test("batches grow as the plan says: each step is the one that its rows and its rate give", async () => {
  const optimizer = sgd({ lr: 0.05, momentum: 0.9 });
  const { history, run } = await fit(line({ optimizer, batchSize: growing, epochs: 3, logEvery: 1 }));
  const of = (name: string): number[] => [...history.series.find((s) => s.name === name)!.values];
  const [first, second] = [[4, 4, 4, 4, 4, 4, 8, 3], [8, 8, 8, 8, 3]]; // biome-ignore format: epochs
  expect(of("batchSize")).toEqual([...first, ...second, ...second]);
  of("lr").forEach((lr, k) => expect(lr).toBe(0.05 * (k < 6 ? 1 : Math.SQRT2)));
  const step = trainStep({
    model: linear(2, 1),
    loss: (output, { y }) => losses.mse(output, y),
    optimizer,
    batch: { x: [4, 2], y: [4, 1] },
    seed: 42,
  });
  const ours = of("loss").map((_, k) => {
    const taken = [...run.plan.rowsOf(k)];
    const batch = { x: taken.flatMap((i) => rows[i]!), y: taken.map((i) => targets[i]!) };
    return step(batch, { lr: of("lr")[k]! }).loss;
  });
  expect(of("loss")).toEqual(ours);
  expect(run.step.state.map((t) => [...t.values])).toEqual(step.state.map((t) => [...t.values]));
  const byEpochs = line({ batchSize: growing, schedule: { name: "step", stepSize: 1, unit: "epoch" } });
  await expect(fit(byEpochs)).rejects.toThrow("a schedule that counts epochs needs stepsPerEpoch");
});

test.each([
  ["of one size", 8],
  ["that grow", growing],
])(
  "aborted and resumed, a fit on batches %s ends with the same bits and the same history",
  async (_, batchSize) => {
    const model = sequential(linear(2, 8), dropout(0.3), linear(8, 1));
    const options = line({ model, batchSize, epochs: 6, validation: 0.2, measures: ["l1"] });
    const whole = await fit(options);
    const stop = new AbortController();
    const onStep = ({ step }: { step: number }): void => {
      if (step === 7) stop.abort();
    };
    const clock = { now: () => count++ * 100, pause: async () => {} };
    let count = 0;
    const part = await fit({ ...options, onStep, signal: stop.signal, clock });
    expect([part.status, part.steps]).toEqual(["interrupted", 7]);
    const rest = await fit({ ...options, resume: part.state });
    expect(rest.status).toBe("done");
    expect(rest.state.metrics).toBe(whole.state.metrics);
    expect(rest.state.checkpoint).toEqual(whole.state.checkpoint);
    await expect(fit({ ...options, seed: 1, resume: part.state })).rejects.toThrow(/seed was 42/);
  },
);

test("measures by name and by function stand in history and validation", async () => {
  const measures = {
    twice: (output: Parameters<typeof losses.mse>[0], { y }: { y: typeof output }) =>
      mul(losses.mse(output, y), 2),
  };
  const { history, validation } = await fit(line({ validation: 0.2, measures, logEvery: 1 }));
  const of = (name: string): Float64Array => history.series.find((s) => s.name === name)!.values;
  of("loss").forEach((loss, i) => expect(of("twice")[i]).toBeCloseTo(2 * loss, 5));
  expect(validation!["twice"]).toBeCloseTo(2 * validation!["loss"]!, 5);
});

test("classes come with their accuracy; labels are whole numbers from 0", async () => {
  const labels = rows.map(([a, b]) => Number(a > b));
  const data: FitData = { x: rows, y: labels };
  const model = linear(2, 2);
  const { validation } = await fit(
    line({ model, loss: "softmax-cross-entropy", data, validation: { x: rows, y: labels }, epochs: 100 }),
  );
  expect(validation!["accuracy"]).toBeGreaterThan(0.9);
  const wrong = { x: rows, y: labels.map((y, i) => (i === 4 ? 0.5 : y)) };
  await expect(fit(line({ model, loss: "softmax-cross-entropy", data: wrong }))).rejects.toThrow(
    "row 5 has label 0.5",
  );
});

test("weights go out under PyTorch's names and in again", async () => {
  const trained = await fit(line({ optimizer: emaWeights(adamw({ lr: 0.05 }), { decay: 0.5 }) }));
  const fresh = trainStep({
    model: linear(2, 1),
    loss: (output, { x }) => mean(square(sub(output, x))),
    optimizer: sgd({ lr: 1 }),
    batch: { x: [1, 2] },
  });
  expect(loadWeights(fresh, trained.save())).toEqual([]);
  const [weight, bias] = fresh.state.map((t) => t.values);
  const { values } = trained.predict([[0.3, 0.7]]);
  expect(weight![0]! * 0.3 + weight![1]! * 0.7 + bias![0]!).toBeCloseTo(values[0]!, 5);
});

describe("examples that are read while it trains", () => {
  const labels = rows.map(([a]) => Number(a > 0));
  /** The rows in their order, opened as often as asked; how often is counted. */
  const opened = (
    y: readonly number[] = targets,
  ): { stream: FitStream; epochs: number[]; ended: () => number } => {
    const epochs: number[] = [];
    let ended = 0;
    return {
      epochs,
      ended: () => ended,
      stream: {
        count: rows.length,
        async *open(epoch) {
          epochs.push(epoch);
          try {
            for (const [i, x] of rows.entries()) yield { x, y: y[i]! };
          } finally {
            ended++;
          }
        },
      },
    };
  };

  test("in their order, they give what the same rows in memory give, to the bit; each opening is ended", async () => {
    const { stream, epochs, ended } = opened();
    const streamed = await fit(line({ data: stream, shuffle: false }));
    expect(valuesOf(streamed)).toEqual(valuesOf(await fit(line({ shuffle: false }))));
    expect(epochs).toEqual([0, 0, 1, 2, 3]);
    expect(ended()).toBe(5);
    expect(streamed.predict([[1, 1]]).shape).toEqual([1, 1]);
  });

  test("shuffled through a small buffer: each epoch has every example once, in another order", async () => {
    const seen: number[][] = [];
    const batches: number[] = [];
    const ids = rows.map((_, i) => i);
    const { run } = await fit(
      line({
        data: { ...opened(ids).stream, buffer: 10 },
        epochs: 2,
        optimizer: sgd({ lr: 1e-9 }),
      }),
    );
    const plan = run.plan;
    for (const epoch of [0, 1]) {
      const order: number[] = [];
      for (let k = epoch * plan.stepsPerEpoch; k < (epoch + 1) * plan.stepsPerEpoch; k++) {
        await run.feed!.wait(k);
        const [x, y] = [new Float32Array(16), new Float32Array(8)];
        const count = plan.fill(k, run.data.features, run.data.target, x, y);
        batches.push(count);
        order.push(...y.subarray(0, count));
        expect([...x.subarray(0, 2)]).toEqual(Array.from(rows[y[0]!]!, Math.fround));
      }
      seen.push(order);
    }
    await run.feed!.close();
    expect(batches).toEqual([8, 8, 8, 8, 3, 8, 8, 8, 8, 3]);
    for (const order of seen) expect([...order].sort((a, b) => a - b)).toEqual(ids);
    expect(seen[0]).not.toEqual(seen[1]);
    // what comes out at place i is among the first i + 10
    for (const order of seen) order.forEach((id, i) => expect(id).toBeLessThan(i + 10));
    expect(seen[0]!.slice(0, 10)).not.toEqual(ids.slice(0, 10));
  });

  test("a run that stopped within an epoch goes on to the same bits", async () => {
    const { epochs, ...options } = line({ data: { ...opened().stream, buffer: 12 } });
    const half = await fit({ ...options, steps: 8 });
    expect(half.steps).toBe(8);
    const whole = await fit({ ...options, epochs: epochs!, resume: half.state });
    expect(valuesOf(whole)).toEqual(valuesOf(await fit({ ...options, epochs: epochs! })));
  });

  test("classes are named beforehand", async () => {
    const { stream } = opened(labels);
    const classes = { loss: "softmax-cross-entropy", model: linear(2, 2) } as const;
    const { validation } = await fit(
      line({
        ...classes,
        data: { ...stream, classes: ["no", "yes"] },
        validation: { x: rows, y: labels },
        epochs: 30,
      }),
    );
    expect(validation!["accuracy"]).toBeGreaterThan(0.9);
    await expect(fit(line({ ...classes, data: stream }))).rejects.toThrow(/which classes/);
    const three = opened(labels.map((y, i) => (i === 20 ? 2 : y))).stream;
    await expect(fit(line({ ...classes, data: { ...three, classes: ["no", "yes"] } }))).rejects.toThrow(
      /label is 2/,
    );
  });

  const { stream } = opened();
  const once = stream.open(0);
  const mistakes: Record<string, [Partial<FitOptions>, RegExp]> = {
    "a generator that was called": [
      { data: { ...stream, open: once as never } },
      /open is object and no function/,
    ],
    "a count that is too large": [{ data: { ...stream, count: 40 } }, /ends after 35, but count says 40/],
    "a count that is too small": [{ data: { ...stream, count: 30 } }, /has more, but count says 30/],
    "no count": [{ data: { open: stream.open } as never }, /count is undefined/],
    "what can be read once, opened again": [
      { data: { ...stream, open: () => once } },
      /ends after 0, but count says 35 examples, in epoch 1/,
    ],
    "a row of another width": [
      { data: { ...stream, open: () => rows.map((x, i) => ({ x: i === 30 ? [1] : x, y: 1 })) } },
      /row 31 has 1 values/,
    ],
    "a share held out": [{ data: stream, validation: 0.2 }, /a share of a stream/],
  };
  test.each(Object.entries(mistakes))("refused: %s", async (_, [more, says]) => {
    await expect(fit(line(more))).rejects.toThrow(says);
  });

  test("what needs all rows refuses a stream", async () => {
    await expect(buildCodeRun(line({ data: stream }) as never)).rejects.toThrow(/which fit alone takes/);
  });
});
