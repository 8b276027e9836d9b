/** Ten tasks of different kind, each a training of a tenth of a second to one second: data made or read here, model, loss, batch. */
import { readFileSync } from "node:fs";
import { loadData } from "../../src/data/index.ts";
import { nodeHost } from "../../src/data/node-host.ts";
import { mean } from "../../src/engine/graph/index.ts";
import * as nn from "../../src/nn/index.ts";
import { adamw } from "../../src/optim/index.ts";
import { stream } from "../../src/random/index.ts";
import { type CodeRun, declareRun, fit } from "../../src/train/index.ts";
import type { Problem } from "../../src/tune/advise/problem.ts";

type Declared = Awaited<ReturnType<typeof declareRun>>;

export interface Task {
  readonly name: string;
  /** What a run file would say of it: the advice is told no more. */
  readonly problem: Pick<Problem, "model" | "data">;
  readonly declare: () => Promise<Declared>;
}

const SIDE = 14;
const PIXELS = SIDE * SIDE;

interface Digits {
  readonly x: Float64Array;
  readonly y: Int32Array;
}

/** The digits at half their size, in the order of the data set, standardized together. */
let digitsOnce: Promise<Digits> | undefined;
const digits = (): Promise<Digits> => {
  digitsOnce ??= (async () => {
    const { features, target } = await loadData({ source: "digits" }, nodeHost(), { dtype: "float64" });
    const rows = features.shape[0]!;
    const x = new Float64Array(rows * PIXELS);
    for (let r = 0; r < rows; r++)
      for (let p = 0; p < 784; p++)
        x[r * PIXELS + Math.floor(p / 56) * SIDE + ((p % 28) >> 1)]! += features.data[r * 784 + p]! / 4;
    const middle = x.reduce((a, b) => a + b, 0) / x.length;
    const spread = Math.sqrt(x.reduce((a, b) => a + (b - middle) ** 2, 0) / x.length);
    return { x: x.map((v) => (v - middle) / spread), y: Int32Array.from(target.data) };
  })();
  return digitsOnce;
};

/** Rows `from` to `to` of the digits as data of a run. */
async function digitRows(
  from: number,
  to: number,
  {
    shape = [PIXELS],
    label = (y: number) => y,
  }: { shape?: readonly number[]; label?: (y: number, row: number) => number } = {},
): Promise<{ x: { values: Float64Array; shape: number[] }; y: Int32Array }> {
  const { x, y } = await digits();
  return {
    x: { values: x.slice(from * PIXELS, to * PIXELS), shape: [to - from, ...shape] },
    y: y.slice(from, to).map((v, i) => label(v, i)),
  };
}

/** Characters of a page of prose, numbered. */
function text(context: number): { windows: Int32Array; next: Int32Array; count: number; vocabulary: number } {
  const prose = readFileSync(new URL("../../test/golden/text.txt", import.meta.url), "utf8");
  const letters = [...new Set(prose)].sort();
  const codes = Int32Array.from(prose, (c) => letters.indexOf(c));
  const count = codes.length - context;
  const windows = new Int32Array(count * context);
  for (let i = 0; i < count; i++) windows.set(codes.subarray(i, i + context), i * context);
  return { windows, next: codes.slice(context), count, vocabulary: letters.length };
}

const mlp = (...sizes: number[]): nn.Layer =>
  nn.sequential(
    ...sizes
      .slice(1)
      .flatMap((size, i) => [nn.linear(sizes[i]!, size), ...(i < sizes.length - 2 ? [nn.relu()] : [])]),
  );

/** The optimizer is replaced by those that are compared. */
const declare = (run: Omit<CodeRun, "optimizer">): Promise<Declared> =>
  declareRun({ ...run, optimizer: adamw({ lr: 1e-3 }) });

const LABELS = 10;

export const tasks: readonly Task[] = [
  {
    name: "ill-conditioned-linear",
    problem: { model: "linear", data: "table" },
    declare: async () => {
      const draws = stream(1, "linear");
      const [rows, features] = [256, 20];
      const noise = draws.normal(rows);
      const x = draws.normal(rows * features).map((v, i) => v * 30 ** (-(i % features) / (features - 1)));
      const w = draws.normal(features).map((v, i) => v * 30 ** (i / (features - 1)));
      const y = Float64Array.from(
        noise,
        (e, r) => 0.1 * e + w.reduce((sum, v, j) => sum + v * x[r * features + j]!, 0),
      );
      return declare({
        name: "ill-conditioned-linear",
        model: nn.linear(features, 1),
        loss: "mse",
        data: { x: { values: x, shape: [rows, features] }, y: { values: y, shape: [rows, 1] } },
        batchSize: "full",
        steps: 300,
      });
    },
  },
  {
    name: "mlp",
    problem: { model: "mlp", data: "pictures" },
    declare: async () =>
      declare({
        name: "mlp",
        model: mlp(PIXELS, 64, 64, LABELS),
        loss: "softmax-cross-entropy",
        data: await digitRows(0, 3000),
        validation: await digitRows(3000, 3600),
        batchSize: 64,
        steps: 150,
      }),
  },
  {
    name: "cnn",
    problem: { model: "cnn", data: "pictures" },
    declare: async () =>
      declare({
        name: "cnn",
        model: nn.sequential(
          nn.conv2d(1, 8, 3, { padding: 1 }),
          nn.relu(),
          nn.maxPool2d(2),
          nn.conv2d(8, 16, 3, { padding: 1 }),
          nn.relu(),
          nn.maxPool2d(2),
          nn.flatten(),
          nn.linear(16 * 9, LABELS),
        ),
        loss: "softmax-cross-entropy",
        data: await digitRows(0, 2000, { shape: [1, SIDE, SIDE] }),
        validation: await digitRows(3000, 3300, { shape: [1, SIDE, SIDE] }),
        batchSize: 32,
        steps: 120,
      }),
  },
  {
    name: "gru",
    problem: { model: "own", data: "text" },
    declare: async () => {
      const { windows, next, count, vocabulary } = text(12);
      const gru = nn.gru(16, 32, { output: "last" });
      return declare({
        name: "gru",
        model: nn.sequential(nn.embedding(vocabulary, 16), gru, nn.linear(32, vocabulary)),
        loss: "softmax-cross-entropy",
        data: { x: { values: windows, shape: [count, 12] }, y: next },
        batchSize: 32,
        steps: 150,
      });
    },
  },
  {
    name: "transformer",
    problem: { model: "transformer", data: "text" },
    declare: async () => {
      const context = 16;
      const { windows, next, count, vocabulary } = text(context);
      const after = new Int32Array(count * context);
      for (let i = 0; i < count; i++) {
        after.set(windows.subarray(i * context + 1, (i + 1) * context), i * context);
        after[(i + 1) * context - 1] = next[i]!;
      }
      return declare({
        name: "transformer",
        model: nn.gpt({ vocabulary, context, width: 32, layers: 2, heads: 2 }),
        loss: "softmax-cross-entropy",
        data: {
          x: { values: windows, shape: [count, context] },
          y: { values: after, shape: [count, context] },
        },
        batchSize: 8,
        steps: 120,
      });
    },
  },
  {
    name: "sparse-embeddings",
    problem: { model: "own", data: "table" },
    declare: async () => {
      // words drawn by Zipf's law; the label is the sign of their mean hidden weight
      const [rows, words, vocabulary] = [2000, 6, 256];
      const draws = stream(6, "sparse");
      const weights = draws.normal(vocabulary);
      const x = Int32Array.from(draws.uniform(rows * words), (u) => Math.floor(vocabulary ** u) - 1);
      const y = Int32Array.from({ length: rows }, (_, r) =>
        x.subarray(r * words, (r + 1) * words).reduce((sum, w) => sum + weights[w]!, 0) > 0 ? 1 : 0,
      );
      const bag = nn.compose({ table: nn.embedding(vocabulary, 16), head: nn.linear(16, 2) }, (call, ids) =>
        call("head", mean(call("table", ids), { axes: [1] })),
      );
      return declare({
        name: "sparse-embeddings",
        model: bag,
        loss: "softmax-cross-entropy",
        data: { x: { values: x, shape: [rows, words] }, y },
        validation: 0.2,
        batchSize: 32,
        steps: 200,
      });
    },
  },
  {
    name: "noisy-labels",
    problem: { model: "mlp", data: "pictures" },
    declare: async () => {
      const draws = stream(7, "noisy");
      const [wrong, to] = [draws.uniform(3000), draws.integers(3000, 0, LABELS)];
      return declare({
        name: "noisy-labels",
        model: mlp(PIXELS, 64, LABELS),
        loss: "softmax-cross-entropy",
        data: await digitRows(0, 3000, { label: (y, r) => (wrong[r]! < 0.4 ? to[r]! : y) }),
        validation: await digitRows(3000, 3600),
        batchSize: 64,
        steps: 200,
      });
    },
  },
  {
    name: "autoencoder",
    problem: { model: "own", data: "pictures" },
    declare: async () => {
      const { x } = await digitRows(0, 2000);
      const y = { values: x.values, shape: x.shape };
      return declare({
        name: "autoencoder",
        model: mlp(PIXELS, 48, 8, 48, PIXELS),
        loss: "mse",
        data: { x, y },
        batchSize: 64,
        steps: 200,
      });
    },
  },
  {
    name: "large-batch",
    problem: { model: "mlp", data: "pictures" },
    declare: async () =>
      declare({
        name: "large-batch",
        model: mlp(PIXELS, 32, LABELS),
        loss: "softmax-cross-entropy",
        data: await digitRows(0, 2000),
        validation: await digitRows(3000, 3600),
        batchSize: "full",
        steps: 60,
      }),
  },
  {
    name: "fine-tune",
    problem: { model: "mlp", data: "pictures" },
    declare: async () => {
      // trained to tell digits below 5 from each other and from the rest, then all ten on few rows
      const model = mlp(PIXELS, 64, 32, LABELS);
      const before = await fit({
        model,
        loss: "softmax-cross-entropy",
        optimizer: adamw({ lr: 2e-3 }),
        data: await digitRows(4000, 7000, { label: (y) => Math.min(y, 5) }),
        batchSize: 64,
        steps: 300,
        seed: 1,
      });
      const known = new Map(
        before.run.step.state.map(({ name, values }) => [name, Float64Array.from(values)]),
      );
      const params = Object.fromEntries(
        Object.entries(model.params).map(([name, spec]) => [
          name,
          name.startsWith("4.") ? spec : { ...spec, init: () => known.get(`param.${name}`)! },
        ]),
      );
      return declare({
        name: "fine-tune",
        model: { ...model, params },
        loss: "softmax-cross-entropy",
        data: await digitRows(0, 500),
        validation: await digitRows(3000, 3600),
        batchSize: 32,
        steps: 100,
      });
    },
  },
];
