/** The families of scripts/verdict/make-families.ts: each makes its k-th task from a seed. */
import { add, type Expr, mean, mul, reshape, slice } from "../../src/engine/graph/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import * as optim from "../../src/optim/index.ts";
import { type BatchShapes, type TrainStepOptions, trainStep } from "../../src/train/index.ts";
import { type Draws, draws } from "./draws.ts";
import { SCHEDULES } from "./schedules.ts";

type Inputs = Readonly<Record<string, { set: (values: ArrayLike<number>, at: number) => void }>>;
export interface Task {
  readonly model: nn.Layer;
  readonly loss: TrainStepOptions["loss"];
  readonly optimizer: TrainStepOptions["optimizer"];
  readonly batch: BatchShapes;
  readonly steps: number;
  readonly schedule: string;
  readonly highest: number;
  readonly seed: number;
  /** Values of parameters and buffers to start from, by the names of the step's state. */
  readonly start?: Readonly<Record<string, ArrayLike<number>>>;
  /** A fresh run through the data: fills the next batch. */
  readonly batches: () => (into: Inputs) => void;
}

const OPTIMIZERS: Readonly<
  Record<string, { make: (decay: number) => TrainStepOptions["optimizer"]; top: number }>
> = {
  sgd: { make: (d) => optim.sgd({ lr: 1, weightDecay: d }), top: 32 },
  momentum: { make: (d) => optim.sgd({ lr: 1, momentum: 0.9, weightDecay: d }), top: 8 },
  adam: { make: () => optim.adam({ lr: 1 }), top: 4 },
  adamw: { make: (d) => optim.adamw({ lr: 1, weightDecay: d || 0.01 }), top: 4 },
  rmsprop: { make: () => optim.rmsprop({ lr: 1 }), top: 2 },
  lion: { make: () => optim.lion({ lr: 1 }), top: 1 },
  clipped: { make: () => optim.chain(optim.clipByGlobalNorm(1), optim.adamw({ lr: 1 })), top: 4 },
};

/** Rows of features and targets: classes as whole numbers, regression as numbers, one target or several a row. */
export interface Table {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly width: number;
  readonly targets: number;
}

/** Gaussian clouds around `classes` centres, `share` of the rows in the first class, `flipped` labels at random. */
export function clouds(
  d: Draws,
  classes: number,
  {
    share = 1 / classes,
    flipped = 0,
    spread = 1.5,
  }: Readonly<Partial<Record<"share" | "flipped" | "spread", number>>> = {},
): Table {
  const [rows, width] = [800, d.whole(6, 24)];
  const centres = Array.from({ length: 2 * classes }, () => d.normals(width));
  const x = new Float64Array(rows * width);
  const y = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const own = d.uniform() < share ? 0 : 1 + d.whole(0, classes - 2);
    const centre = centres[own + classes * d.whole(0, 1)]!;
    for (let j = 0; j < width; j++) x[i * width + j] = centre[j]! + spread * d.normal();
    y[i] = d.uniform() < flipped ? d.whole(0, classes - 1) : own;
  }
  return { x, y, width, targets: 1 };
}

/** A random network of one hidden layer, with noise; `raw` features and targets keep sizes from 0.01 to 100. */
export function teacher(
  d: Draws,
  {
    noise = 0.1,
    raw = false,
    targets = 1,
  }: { readonly noise?: number; readonly raw?: boolean; readonly targets?: number } = {},
): Table {
  const [rows, width, hidden] = [800, d.whole(5, 20), 12];
  const inner = Array.from({ length: hidden }, () =>
    d.normals(width).map((v) => (1.5 * v) / Math.sqrt(width)),
  );
  const outer = Array.from({ length: targets }, () => d.normals(hidden).map((v) => v / Math.sqrt(hidden)));
  const sizes = Array.from({ length: width }, () => (raw ? 10 ** (3 * d.uniform() - 1.5) : 1));
  const shift = Array.from({ length: width }, () => (raw ? 2 * d.normal() : 0));
  const [scale, offset] = raw ? [10 ** (2 * d.uniform()), 3 * d.normal()] : [1, 0];
  const x = new Float64Array(rows * width);
  const y = new Float64Array(rows * targets);
  for (let i = 0; i < rows; i++) {
    const z = d.normals(width);
    const h = inner.map((w) => Math.tanh(w.reduce((a, v, j) => a + v * z[j]!, 0)));
    for (let j = 0; j < width; j++) x[i * width + j] = sizes[j]! * (z[j]! + shift[j]!);
    for (let k = 0; k < targets; k++)
      y[i * targets + k] =
        scale * (1.6 * outer[k]!.reduce((a, v, j) => a + v * h[j]!, 0) + noise * d.normal() + offset);
  }
  return { x, y, width, targets };
}

/** Each row is given in every epoch once, in an order of its own; the rest of an epoch that fills no batch is left out. */
function tableBatches(table: Table, size: number, seed: number): Task["batches"] {
  const rows = table.y.length / table.targets;
  return () => {
    const d = draws(seed);
    let order = d.permutation(rows);
    let at = 0;
    return (into) => {
      if (at + size > rows) [order, at] = [d.permutation(rows), 0];
      for (let b = 0; b < size; b++) {
        const i = order[at++]!;
        into["x"]!.set(table.x.subarray(i * table.width, (i + 1) * table.width), b * table.width);
        into["y"]!.set(table.y.subarray(i * table.targets, (i + 1) * table.targets), b * table.targets);
      }
    };
  };
}

export interface Shape {
  readonly steps?: readonly [number, number];
  readonly schedule?: string;
  readonly optimizer?: string;
  readonly decay?: number;
  readonly size?: number;
}

/** What a family leaves open is drawn: optimizer, schedule, length, batch. */
function settings(
  d: Draws,
  shape: Shape = {},
): Omit<Task, "model" | "loss" | "batch" | "batches"> & { size: number } {
  const optimizer = shape.optimizer ?? d.pick(Object.keys(OPTIMIZERS));
  const schedule = shape.schedule ?? (d.uniform() < 0.45 ? "const" : d.pick(Object.keys(SCHEDULES)));
  const [low, high] = shape.steps ?? [250, 700];
  const { make, top } = OPTIMIZERS[optimizer]!;
  return {
    optimizer: make(shape.decay ?? 0),
    schedule,
    steps: d.whole(low, high),
    size: shape.size ?? d.pick([8, 16, 32, 32, 64, 128]),
    highest: top,
    seed: d.whole(1, 1e6),
  };
}

const classLoss = (output: Expr, { y }: Readonly<Record<string, Expr>>): Expr =>
  losses.softmaxCrossEntropy(output, y!);
const squared = (output: Expr, { y }: Readonly<Record<string, Expr>>): Expr => losses.mse(output, y!);

export function mlp(
  d: Draws,
  width: number,
  out: number,
  { norm = false, drop = 0 }: { readonly norm?: boolean; readonly drop?: number } = {},
): nn.Layer {
  const hidden = d.pick([[], [32], [64], [32, 32], [48, 24], [24, 24, 24]]);
  const act = d.pick([nn.relu, nn.tanh, nn.gelu]);
  const layers: nn.Layer[] = [];
  let size = width;
  for (const next of hidden) {
    layers.push(nn.linear(size, next));
    if (norm) layers.push(nn.batchNorm(next));
    layers.push(act());
    if (drop > 0) layers.push(nn.dropout(drop));
    size = next;
  }
  return nn.sequential(...layers, nn.linear(size, out));
}

export function onTable(d: Draws, table: Table, classes: number, model: nn.Layer, shape?: Shape): Task {
  const { size, ...rest } = settings(d, shape);
  const target = classes > 0 ? { shape: [size], dtype: "int32" as const } : [size, table.targets];
  return {
    ...rest,
    model,
    loss: classes > 0 ? classLoss : squared,
    batch: { x: [size, table.width], y: target },
    batches: tableBatches(table, size, rest.seed),
  };
}

/** Trained on one table, to go on with on another whose centres or weights are moved. */
function pretrained(d: Draws, model: nn.Layer, table: Table, classes: number): Record<string, Float64Array> {
  const task = onTable(d, table, classes, model, { size: 32 });
  const { schedule: _, ...parts } = task;
  const step = trainStep({ ...parts, optimizer: optim.adam({ lr: 1 }) });
  const fill = task.batches();
  for (let t = 0; t < 500; t++) {
    fill(step.inputs);
    step.run(t + 1, 0.004);
  }
  return Object.fromEntries(step.state.map(({ name, values }) => [name, Float64Array.from(values)]));
}

/** The same rows, moved and turned a little, with a share of labels or targets of another meaning. */
function moved(d: Draws, table: Table, by: number): Table {
  const shift = d.normals(table.width).map((v) => by * v);
  const gain = d.normals(table.width).map((v) => 1 + 0.5 * by * v);
  const x = table.x.map((v, i) => v * gain[i % table.width]! + shift[i % table.width]!);
  return { ...table, x };
}

/** x·Wᵀ + b with W and b kept, plus x·Aᵀ·Bᵀ · alpha/rank with B from 0 (Hu et al. 2021, LoRA). */
function adapted(
  width: number,
  out: number,
  weight: Float64Array,
  bias: Float64Array,
  rank: number,
): nn.Layer {
  const kept = (shape: readonly number[], values: Float64Array): nn.ParamSpec => ({
    shape,
    init: () => values,
  });
  const base = nn.linear(width, out);
  const [a, b] = [nn.linear(width, rank, { bias: false }), nn.linear(rank, out, { bias: false })];
  return {
    params: { a: a.params["weight"]!, b: nn.constantInit([out, rank], 0) },
    buffers: { weight: kept([out, width], weight), bias: kept([out], bias) },
    keys: 0,
    forward: (p, x, context) => {
      const low = a.forward({ weight: p["a"]! }, x, context).output;
      const change = b.forward({ weight: p["b"]! }, low, context).output;
      const { output } = base.forward({ weight: p["weight"]!, bias: p["bias"]! }, x, context);
      return { output: add(output, mul(change, 16 / rank)), buffers: {} };
    },
  };
}

/** A layer that is not trained. */
function frozen(width: number, out: number, weight: Float64Array, bias: Float64Array): nn.Layer {
  const { forward } = nn.linear(width, out);
  return {
    params: {},
    buffers: {
      weight: { shape: [out, width], init: () => weight },
      bias: { shape: [out], init: () => bias },
    },
    keys: 0,
    forward: (p, x, context) => ({ output: forward(p, x, context).output, buffers: {} }),
  };
}

function tuned(k: number, kind: "whole" | "adapters" | "head", seed: number): Task {
  const d = draws(seed + k);
  const classes = d.uniform() < 0.6 ? d.whole(3, 8) : 0;
  const table = classes > 0 ? clouds(d, classes) : teacher(d, { noise: 0.4 });
  const hidden = d.pick([24, 48]);
  const out = classes || 1;
  const body = nn.sequential(nn.linear(table.width, hidden), nn.relu(), nn.linear(hidden, out));
  const start = pretrained(d, body, table, classes);
  const next = moved(d, table, 0.15 + 0.6 * d.uniform());
  if (kind === "whole") return { ...onTable(d, next, classes, body), start };
  const of = (name: string): Float64Array => start[`param.${name}`]!;
  const [w0, b0, w2, b2] = [of("0.weight"), of("0.bias"), of("2.weight"), of("2.bias")];
  const rank = d.pick([2, 4]);
  const model =
    kind === "head"
      ? nn.sequential(frozen(table.width, hidden, w0, b0), nn.relu(), nn.linear(hidden, out))
      : nn.sequential(
          adapted(table.width, hidden, w0, b0, rank),
          nn.relu(),
          adapted(hidden, out, w2, b2, rank),
        );
  return onTable(d, next, classes, model);
}

/** A detection-like head: classes, a box and a confidence, summed with weights. */
function summed(d: Draws): Task {
  const table = teacher(d, { noise: 0.3, targets: 5 });
  const weights = [0.5 + 2 * d.uniform(), 1 + 7 * d.uniform()];
  const task = onTable(d, table, 0, mlp(d, table.width, 5));
  const size = (task.batch["x"] as readonly number[])[0]!;
  const part = (e: Expr, from: number, to: number): Expr => slice(e, [0, from], [size, to]);
  return {
    ...task,
    loss: (output, { y }) =>
      add(
        mul(losses.smoothL1(part(output, 0, 4), part(y!, 0, 4)), weights[1]! * 4),
        mul(
          mean(nn.softplus().forward({}, mul(part(output, 4, 5), -1), { training: true }).output),
          weights[0]!,
        ),
      ),
  };
}

/** Text of a Markov chain of order one over `vocabulary` letters: the loss keeps the chain's entropy. */
function text(d: Draws, vocabulary: number, length = 12_000): Int32Array {
  const next = Array.from({ length: vocabulary }, () => {
    const weights = d.normals(vocabulary).map((v) => Math.exp(2.2 * v));
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((w) => w / sum);
  });
  const out = new Int32Array(length);
  for (let i = 1; i < length; i++) {
    let u = d.uniform();
    const row = next[(out[i - 1]! + (i > 1 && out[i - 2]! % 3 === 0 ? 1 : 0)) % vocabulary]!;
    let c = 0;
    while (c < vocabulary - 1 && u > row[c]!) u -= row[c++]!;
    out[i] = c;
  }
  return out;
}

function letters(k: number, kind: "gru" | "gpt"): Task {
  const d = draws(7_000 + k + (kind === "gru" ? 0 : 500));
  const [vocabulary, context] = [d.whole(12, 30), kind === "gru" ? 10 : 16];
  const codes = text(d, vocabulary);
  const width = d.pick([16, 24]);
  const { size, ...rest } = settings(d, { steps: [200, 350], size: d.pick([8, 16]) });
  const model =
    kind === "gpt"
      ? nn.gpt({ vocabulary, context, layers: d.whole(1, 2), width, heads: 2, dropout: d.pick([0, 0, 0.1]) })
      : nn.sequential(nn.embedding(vocabulary, width), nn.gru(width, width), nn.linear(width, vocabulary));
  return {
    ...rest,
    model,
    loss: (output, { y }) =>
      losses.softmaxCrossEntropy(
        reshape(output, [size * context, vocabulary]),
        reshape(y!, [size * context]),
      ),
    batch: {
      x: { shape: [size, context], dtype: "int32" },
      y: { shape: [size, context], dtype: "int32" },
    },
    batches: () => {
      const order = draws(rest.seed);
      return (into) => {
        for (let b = 0; b < size; b++) {
          const at = order.whole(0, codes.length - context - 2);
          into["x"]!.set(codes.subarray(at, at + context), b * context);
          into["y"]!.set(codes.subarray(at + 1, at + 1 + context), b * context);
        }
      };
    },
  };
}

/** Six patterns of 8 × 8 points, in noise. */
function pictures(k: number): Task {
  const d = draws(8_000 + k);
  const [rows, classes] = [600, 6];
  const marks = Array.from({ length: classes }, () => d.normals(64).map((v) => (v > 0.9 ? 1.5 : 0)));
  const noise = 0.3 + 0.7 * d.uniform();
  const y = Float64Array.from({ length: rows }, () => d.whole(0, classes - 1));
  const x = new Float64Array(rows * 64);
  for (let i = 0; i < rows * 64; i++) {
    x[i] = marks[y[Math.floor(i / 64)]!]![i % 64]! + noise * d.normal();
  }
  const width = d.pick([4, 8]);
  const normed = d.uniform() < 0.5;
  const model = nn.sequential(
    nn.unflatten([1, 8, 8]),
    nn.conv2d(1, width, 3, { padding: 1 }),
    ...(normed ? [nn.batchNorm(width)] : []),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(width * 16, classes),
  );
  return onTable(d, { x, y, width: 64, targets: 1 }, classes, model, {
    steps: [200, 400],
    size: d.pick([16, 32]),
  });
}

export const FAMILIES: Readonly<Record<string, (k: number) => Task>> = {
  "fine-tuning": (k) => tuned(k, "whole", 1_000),
  adapters: (k) => tuned(k, "adapters", 1_300),
  "frozen-body": (k) => tuned(k, "head", 1_600),
  "noisy-regression": (k) => {
    const d = draws(2_000 + k);
    const table = teacher(d, { noise: 0.5 + 1.5 * d.uniform() });
    return onTable(d, table, 0, mlp(d, table.width, 1));
  },
  imbalanced: (k) => {
    const d = draws(2_500 + k);
    const classes = d.whole(2, 4);
    const table = clouds(d, classes, { share: 0.85 + 0.12 * d.uniform() });
    return onTable(d, table, classes, mlp(d, table.width, classes));
  },
  "label-noise": (k) => {
    const d = draws(3_000 + k);
    const classes = d.whole(2, 10);
    const table = clouds(d, classes, { flipped: 0.15 + 0.4 * d.uniform() });
    return onTable(d, table, classes, mlp(d, table.width, classes));
  },
  "raw-features": (k) => {
    const d = draws(3_500 + k);
    const table = teacher(d, { noise: 0.2, raw: true });
    return onTable(d, table, 0, mlp(d, table.width, 1));
  },
  "summed-losses": (k) => summed(draws(4_000 + k)),
  schedules: (k) => {
    const d = draws(4_500 + k);
    const classes = d.whole(3, 8);
    const table = clouds(d, classes);
    const schedule = d.pick(["step", "halving", "linear", "cosine", "warmup-linear", "rsqrt"]);
    return onTable(d, table, classes, mlp(d, table.width, classes), { schedule });
  },
  regularised: (k) => {
    const d = draws(5_000 + k);
    const classes = d.whole(3, 8);
    const table = clouds(d, classes);
    const model = mlp(d, table.width, classes, { norm: d.uniform() < 0.6, drop: d.pick([0, 0.2, 0.5]) });
    return onTable(d, table, classes, model, { decay: d.pick([0, 1e-3, 1e-2]) });
  },
  long: (k) => {
    const d = draws(5_500 + k);
    const classes = d.uniform() < 0.5 ? d.whole(3, 8) : 0;
    const table = classes > 0 ? clouds(d, classes, { spread: 2 }) : teacher(d, { noise: 0.3 });
    return onTable(d, table, classes, mlp(d, table.width, classes || 1), {
      steps: [1500, 3000],
      size: d.pick([8, 16]),
    });
  },
  "large-batch": (k) => {
    const d = draws(6_000 + k);
    const classes = d.uniform() < 0.5 ? d.whole(3, 8) : 0;
    const table = classes > 0 ? clouds(d, classes) : teacher(d);
    return onTable(d, table, classes, mlp(d, table.width, classes || 1), { size: 400, steps: [150, 300] });
  },
  gru: (k) => letters(k, "gru"),
  transformer: (k) => letters(k, "gpt"),
  convolution: pictures,
};
