/** Fourteen more families for scripts/verdict/make-families.ts, for kinds of loss and of curve that the first have none of. */
import { matmul, mul, permute, reshape, slice, sum } from "../../src/engine/graph/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import { familiesOf } from "./drawn.ts";
import { type Draws, draws } from "./draws.ts";
import { clouds, mlp, onTable, type Shape, type Table, type Task, teacher } from "./families.ts";

/** The same rows with other targets, `targets` of them a row. */
function withTargets(
  table: Table,
  targets: number,
  of: (row: Float64Array, i: number) => readonly number[],
): Table {
  const rows = table.y.length / table.targets;
  const y = new Float64Array(rows * targets);
  for (let i = 0; i < rows; i++)
    y.set(of(table.x.subarray(i * table.width, (i + 1) * table.width), i), i * targets);
  return { ...table, y, targets };
}

/** A scalar for each row from a random direction through tanh. */
function directions(d: Draws, width: number, count: number, gain: number): (row: Float64Array) => number[] {
  const all = Array.from({ length: count }, () => d.normals(width).map((v) => (gain * v) / Math.sqrt(width)));
  return (row) => all.map((w) => w.reduce((a, v, j) => a + v * row[j]!, 0));
}

/** Rows of a few hidden numbers, mixed and with noise. */
function lowRank(d: Draws): Table {
  const [rows, width, rank] = [600, d.whole(16, 32), d.whole(2, 6)];
  const mix = Array.from({ length: rank }, () => d.normals(width));
  const noise = 0.1 + 0.4 * d.uniform();
  const x = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    const z = d.normals(rank);
    for (let j = 0; j < width; j++)
      x[i * width + j] = z.reduce((a, v, k) => a + v * mix[k]![j]!, 0) / Math.sqrt(rank) + noise * d.normal();
  }
  return { x, y: x.slice(), width, targets: width };
}

function autoencoder(d: Draws): Task {
  const table = lowRank(d);
  const neck = d.whole(2, 8);
  const act = d.pick([nn.relu, nn.tanh, nn.gelu]);
  const { width } = table;
  return onTable(
    d,
    table,
    0,
    nn.sequential(
      nn.linear(width, 24),
      act(),
      nn.linear(24, neck),
      nn.linear(neck, 24),
      act(),
      nn.linear(24, width),
    ),
  );
}

/** The target is the row without the noise that each batch adds anew. */
function denoising(d: Draws): Task {
  const task = autoencoder(d);
  const size = 0.5 + d.uniform();
  const { batches } = task;
  return {
    ...task,
    batches: () => {
      const fill = batches();
      const random = draws(task.seed + 1);
      return (into) =>
        fill({
          y: into["y"]!,
          x: {
            set: (values, at) => {
              const noise = random.normals(values.length);
              into["x"]!.set(
                Float64Array.from(values, (v, j) => v + size * noise[j]!),
                at,
              );
            },
          },
        });
    },
  };
}

/** Noise with a few very large values, under losses that bear them. */
function heavyTailed(d: Draws): Task {
  const clean = teacher(d, { noise: 0 });
  const size = 0.1 + 0.5 * d.uniform();
  const table = withTargets(clean, 1, (_, i) => [
    clean.y[i]! + (size * d.normal()) / Math.sqrt(d.uniform() + 1e-3),
  ]);
  const loss = d.pick([losses.l1, losses.huber, losses.smoothL1]);
  return {
    ...onTable(d, table, 0, mlp(d, table.width, 1)),
    loss: (output, { y }) => loss(output, y!),
  };
}

function multiLabel(d: Draws): Task {
  const clean = teacher(d);
  const labels = d.whole(3, 8);
  const of = directions(d, clean.width, labels, 2);
  const cut = d.normals(labels);
  const blur = d.uniform();
  const table = withTargets(clean, labels, (row) =>
    of(row).map((v, k) => Number(v + blur * d.normal() > cut[k]!)),
  );
  return {
    ...onTable(d, table, 0, mlp(d, table.width, labels)),
    loss: (output, { y }) => losses.bceWithLogits(output, y!),
  };
}

/** A sum of waves over one or two coordinates: the fine ones are learnt late. */
function coordinates(d: Draws): Task {
  const [rows, width] = [600, d.whole(1, 2)];
  const x = Float64Array.from({ length: rows * width }, () => 2 * d.uniform() - 1);
  const waves = Array.from({ length: 6 }, (_, k) => ({
    w: d.normals(width).map((v) => 2 * (k + 1) * v),
    phase: 6 * d.uniform(),
  }));
  const table = withTargets({ x, y: new Float64Array(rows), width, targets: 1 }, 1, (row) => [
    waves.reduce((a, { w, phase }) => a + Math.sin(w.reduce((b, v, j) => b + v * row[j]!, phase)) / 2, 0),
  ]);
  const act = d.pick([nn.relu, nn.tanh, nn.gelu]);
  const model = nn.sequential(nn.linear(width, 64), act(), nn.linear(64, 64), act(), nn.linear(64, 1));
  return onTable(d, table, 0, model, { steps: [400, 1200] });
}

/** Ratings of things by people: a product of two rows of one table, few of which a batch meets. */
function ratings(d: Draws): Task {
  const [people, things, rank] = [60, 80, 4];
  const truth = Array.from({ length: people + things }, () => d.normals(rank).map((v) => v / Math.sqrt(2)));
  const [rows, noise] = [1500, 0.2 + 0.6 * d.uniform()];
  const x = new Float64Array(2 * rows);
  for (let i = 0; i < rows; i++) x.set([d.whole(0, people - 1), people + d.whole(0, things - 1)], 2 * i);
  const table = withTargets({ x, y: new Float64Array(rows), width: 2, targets: 1 }, 1, ([a, b]) => [
    truth[a!]!.reduce((s, v, k) => s + v * truth[b!]![k]!, 0) + noise * d.normal(),
  ]);
  const width = d.pick([4, 8]);
  const task = onTable(d, table, 0, nn.embedding(people + things, width));
  const size = (task.batch["x"] as readonly number[])[0]!;
  return {
    ...task,
    batch: { ...task.batch, x: { shape: [size, 2], dtype: "int32" } },
    loss: (output, { y }) => {
      const of = (k: number) => reshape(slice(output, [0, k, 0], [size, k + 1, width]), [size, width]);
      return losses.mse(sum(mul(of(0), of(1)), { axes: 1 }), reshape(y!, [size]));
    },
  };
}

/** The next value of a noisy wave. */
function series(d: Draws): Task {
  const [rows, length] = [400, 12];
  const x = new Float64Array(rows * length);
  const y = new Float64Array(rows * length);
  const noise = 0.05 + 0.3 * d.uniform();
  for (let i = 0; i < rows; i++) {
    const [speed, phase] = [0.2 + d.uniform(), 6 * d.uniform()];
    for (let t = 0; t < length; t++) {
      x[i * length + t] = Math.sin(speed * t + phase) + noise * d.normal();
      y[i * length + t] = Math.sin(speed * (t + 1) + phase) + noise * d.normal();
    }
  }
  const width = d.pick([8, 16]);
  return onTable(
    d,
    { x, y, width: length, targets: length },
    0,
    nn.sequential(nn.unflatten([length, 1]), nn.gru(1, width), nn.linear(width, 1), nn.flatten()),
    { steps: [200, 350], size: d.pick([8, 16, 32]) },
  );
}

/** Many narrow layers: such a network stands still before it begins to learn. */
function deepNarrow(d: Draws): Task {
  const classes = d.whole(2, 5);
  const table = clouds(d, classes);
  const act = d.pick([nn.tanh, nn.sigmoid, nn.relu]);
  const width = d.whole(8, 16);
  const inner = Array.from({ length: d.whole(3, 6) }, () => [nn.linear(width, width), act()]).flat();
  const model = nn.sequential(nn.linear(table.width, width), act(), ...inner, nn.linear(width, classes));
  return onTable(d, table, classes, model);
}

function normedDeep(d: Draws): Task {
  const classes = d.uniform() < 0.5 ? d.whole(3, 8) : 0;
  const table = classes > 0 ? clouds(d, classes) : teacher(d, { noise: 0.3 });
  const inner = Array.from({ length: d.whole(2, 4) }, () => [
    nn.linear(32, 32),
    nn.layerNorm(32),
    nn.gelu(),
  ]).flat();
  const model = nn.sequential(nn.linear(table.width, 32), ...inner, nn.linear(32, classes || 1));
  return onTable(d, table, classes, model, { decay: d.pick([0, 0.01, 0.1]) });
}

/** Two blurred views of each row must find one another in the batch. */
function contrastive(d: Draws): Task {
  const clean = clouds(d, 8);
  const { width } = clean;
  const blur = 0.5 + d.uniform();
  const rows = clean.y.length;
  const x = new Float64Array(rows * 2 * width);
  for (let i = 0; i < rows; i++)
    for (let v = 0; v < 2; v++)
      for (let j = 0; j < width; j++)
        x[(2 * i + v) * width + j] = clean.x[i * width + j]! + blur * d.normal();
  const size = d.pick([16, 32, 64]);
  const out = 8;
  const table = { x, y: new Float64Array(rows), width: 2 * width, targets: 1 };
  const encoder = mlp(d, width, out);
  const task = onTable(d, table, 0, encoder, { size });
  const warmth = d.pick([0.3, 1]);
  const { batches } = task;
  return {
    ...task,
    batch: { x: [2 * size, width], y: { shape: [size], dtype: "int32" } },
    batches: () => {
      const fill = batches();
      return (into) => fill({ x: into["x"]!, y: { set: (_, at) => into["y"]!.set([at], at) } });
    },
    loss: (output, { y }) => {
      const views = reshape(output, [size, 2, out]);
      const of = (k: number) => reshape(slice(views, [0, k, 0], [size, k + 1, out]), [size, out]);
      return losses.softmaxCrossEntropy(mul(matmul(of(0), permute(of(1), [1, 0])), warmth), y!);
    },
  };
}

/** Linear regression on features of very different spread, mixed. */
function illConditioned(d: Draws): Task {
  const [rows, width] = [600, d.whole(8, 24)];
  const spread = Array.from({ length: width }, (_, j) => 10 ** ((-2 * j) / width));
  const mix = Array.from({ length: width }, () => d.normals(width));
  const x = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    const z = d.normals(width).map((v, j) => v * spread[j]!);
    for (let j = 0; j < width; j++) x[i * width + j] = z.reduce((a, v, k) => a + v * mix[k]![j]!, 0);
  }
  const of = directions(d, width, 1, 3);
  const noise = 0.02 + 0.3 * d.uniform();
  const table = withTargets({ x, y: new Float64Array(rows), width, targets: 1 }, 1, (row) => [
    of(row)[0]! + noise * d.normal(),
  ]);
  return onTable(d, table, 0, nn.linear(width, 1), { steps: [250, 1000] });
}

/** Batches of very few rows. */
function tinyBatches(d: Draws): Task {
  const classes = d.uniform() < 0.6 ? d.whole(2, 6) : 0;
  const table = classes > 0 ? clouds(d, classes, { spread: 1 }) : teacher(d, { noise: 0.3 });
  const shape: Shape = { size: d.pick([2, 4]), steps: [500, 1200] };
  return onTable(d, table, classes, mlp(d, table.width, classes || 1), shape);
}

/** Targets are the softened answers of another network; the loss keeps their entropy. */
function distillation(d: Draws): Task {
  const classes = d.whole(3, 8);
  const clean = teacher(d);
  const of = directions(d, clean.width, classes, 3);
  const table = withTargets(clean, classes, (row) => {
    const e = of(row).map((v) => Math.exp(2 * Math.tanh(v)));
    const all = e.reduce((a, b) => a + b, 0);
    return e.map((v) => v / all);
  });
  const task = onTable(d, table, 0, mlp(d, table.width, classes));
  const size = (task.batch["x"] as readonly number[])[0]!;
  return {
    ...task,
    loss: (output, { y }) => {
      const log = nn.logSoftmax().forward({}, output, { training: true }).output;
      return mul(sum(mul(log, y!)), -1 / size);
    },
  };
}

function margins(d: Draws): Task {
  const classes = d.whole(3, 6);
  const table = clouds(d, classes, { spread: 1 + d.uniform() });
  return {
    ...onTable(d, table, classes, mlp(d, table.width, classes)),
    loss: (output, { y }) => losses.multiMargin(output, y!),
  };
}

const MORE: readonly (readonly [string, (d: Draws) => Task])[] = [
  ["autoencoder", autoencoder],
  ["denoising", denoising],
  ["heavy-tailed", heavyTailed],
  ["multi-label", multiLabel],
  ["coordinates", coordinates],
  ["ratings", ratings],
  ["series", series],
  ["deep-narrow", deepNarrow],
  ["normed-deep", normedDeep],
  ["contrastive", contrastive],
  ["ill-conditioned", illConditioned],
  ["tiny-batches", tinyBatches],
  ["distillation", distillation],
  ["margins", margins],
];

export const MORE_FAMILIES: Readonly<Record<string, (k: number) => Task>> = familiesOf(
  MORE,
  20_000,
  (_, task) => task,
);
