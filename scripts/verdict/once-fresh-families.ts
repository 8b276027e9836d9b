/** Eight families with optimizers and schedules of their own: the model of 35 families was measured on them, then they joined. */
import { mean, mul, reshape, sigmoid, slice, sub, sum } from "../../src/engine/graph/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import * as optim from "../../src/optim/index.ts";
import { familiesOf, made, sizeOf, type Trainer, trainedBy } from "./drawn.ts";
import type { Draws } from "./draws.ts";
import { onTable, type Task } from "./families.ts";
import { LATER_SCHEDULES } from "./schedules.ts";

const OPTIMIZERS: readonly Trainer[] = [
  [() => optim.sgd({ lr: 1 }), 32],
  [() => optim.sgd({ lr: 1, momentum: 0.95, nesterov: true }), 4],
  [() => optim.adam({ lr: 1, betas: [0.9, 0.95] }), 4],
  [() => optim.adamw({ lr: 1, weightDecay: 0.1 }), 4],
  [() => optim.nadam({ lr: 1 }), 4],
  [() => optim.radam({ lr: 1 }), 4],
  [() => optim.adagrad({ lr: 1 }), 8],
  [() => optim.adamax({ lr: 1 }), 8],
];
/** Points on a spiral under noise; the network says which noise it was. */
function diffusion(d: Draws): Task {
  const turns = 1 + 3 * d.uniform();
  const table = made(2000, 5, 2, (x, y) => {
    const [a, t] = [d.uniform(), 0.02 + 0.96 * d.uniform()];
    y.set(d.normals(2));
    const point = [a * Math.cos(6.28 * turns * a), a * Math.sin(6.28 * turns * a)];
    x.set([
      ...point.map((v, k) => Math.sqrt(1 - t) * 1.5 * v + Math.sqrt(t) * y[k]!),
      t,
      Math.sin(6 * t),
      Math.cos(6 * t),
    ]);
  });
  const width = d.pick([32, 64]);
  const model = nn.sequential(
    nn.linear(5, width),
    nn.silu(),
    nn.linear(width, width),
    nn.silu(),
    nn.linear(width, 2),
  );
  return onTable(d, table, 0, model, { size: d.pick([32, 64]), steps: [250, 600] });
}

/** Which of two things is preferred, now and then by mistake. */
function ranking(d: Draws): Task {
  const [width, mistakes] = [d.whole(8, 20), 0.25 * d.uniform()];
  const inner = Array.from({ length: 10 }, () => d.normals(width));
  const taste = d.normals(10);
  const score = (x: ArrayLike<number>, from: number): number =>
    taste.reduce(
      (a, v, k) => a + v * Math.tanh(inner[k]!.reduce((b, w, j) => b + w * x[from + j]!, 0) / 2),
      0,
    );
  const table = made(800, 2 * width, 1, (x, y) => {
    x.set(d.normals(2 * width));
    const first = score(x, 0) > score(x, width);
    y[0] = d.uniform() < mistakes === first ? -1 : 1;
  });
  const hidden = d.pick([24, 48]);
  const task = onTable(
    d,
    table,
    0,
    nn.sequential(nn.unflatten([2, width]), nn.linear(width, hidden), nn.relu(), nn.linear(hidden, 1)),
  );
  const size = sizeOf(task);
  return {
    ...task,
    loss: (output, { y }) => {
      const of = (k: number) => reshape(slice(output, [0, k, 0], [size, k + 1, 1]), [size, 1]);
      const margin = mul(sub(of(0), of(1)), y!);
      return mean(nn.softplus().forward({}, mul(margin, -1), { training: true }).output);
    },
  };
}

/** Topics of documents from the words in them. */
function bagOfWords(d: Draws): Task {
  const [words, topics, length] = [200, d.whole(3, 8), 20];
  const own = Array.from({ length: topics }, () => Array.from({ length: 15 }, () => d.whole(0, words - 1)));
  const share = 0.15 + 0.3 * d.uniform();
  const table = made(800, length, 1, (x, y) => {
    y[0] = d.whole(0, topics - 1);
    for (let j = 0; j < length; j++) x[j] = d.uniform() < share ? d.pick(own[y[0]!]!) : d.whole(0, words - 1);
  });
  const width = d.pick([12, 24]);
  const task = onTable(d, table, topics, nn.sequential(nn.embedding(words, width), nn.linear(width, topics)));
  const size = sizeOf(task);
  return {
    ...task,
    batch: { ...task.batch, x: { shape: [size, length], dtype: "int32" } },
    loss: (output, { y }) => losses.softmaxCrossEntropy(mean(output, { axes: 1 }), y!),
  };
}

/** The largest, the sum or the spread of a set of numbers. */
function sets(d: Draws): Task {
  const [length, kind, noise] = [d.whole(4, 8), d.whole(0, 2), 0.3 * d.uniform()];
  const table = made(800, length, 1, (x, y) => {
    x.set(d.normals(length));
    const all = [...x];
    const centre = all.reduce((a, v) => a + v / length, 0);
    y[0] =
      noise * d.normal() +
      [Math.max(...all), centre * Math.sqrt(length), Math.hypot(...all.map((v) => v - centre))][kind]!;
  });
  const width = d.pick([16, 32]);
  const each = nn.sequential(
    nn.unflatten([length, 1]),
    nn.linear(1, width),
    nn.gelu(),
    nn.linear(width, width),
    nn.gelu(),
    nn.linear(width, 1),
  );
  const task = onTable(d, table, 0, each);
  return { ...task, loss: (output, { y }) => losses.mse(sum(output, { axes: 1 }), y!) };
}

/** Numbers of events, whose logarithm the network gives. */
function counts(d: Draws): Task {
  const width = d.whole(5, 15);
  const slope = d.normals(width).map((v) => (0.9 * v) / Math.sqrt(width));
  const level = 2 * d.uniform();
  const table = made(800, width, 1, (x, y) => {
    x.set(d.normals(width));
    // Knuth's way: uniform numbers are multiplied until they fall below e^−rate
    const end = Math.exp(-Math.exp(level + slope.reduce((a, v, j) => a + v * x[j]!, 0)));
    for (let p = d.uniform(); p > end && y[0]! < 60; p *= d.uniform()) y[0]!++;
  });
  const hidden = d.pick([16, 32]);
  const model = nn.sequential(nn.linear(width, hidden), d.pick([nn.tanh, nn.relu])(), nn.linear(hidden, 1));
  return {
    ...onTable(d, table, 0, model),
    loss: (output, { y }) =>
      mean(sub(nn.softplus().forward({}, output, { training: true }).output, mul(y!, output))),
  };
}

/** A word said backwards, by attention within it. */
function backwards(d: Draws): Task {
  const [letters, length, width] = [d.whole(5, 10), d.whole(4, 7), 16];
  const table = made(800, length, length, (x, y) => {
    for (let j = 0; j < length; j++) {
      // a letter at a place is a token of its own, so the network knows where it stands
      const letter = d.whole(0, letters - 1);
      x[j] = j * letters + letter;
      y[length - 1 - j] = letter;
    }
  });
  const model = nn.sequential(
    nn.embedding(length * letters, width),
    nn.transformerBlock(width, 2, { causal: false }),
    nn.linear(width, letters),
  );
  const task = onTable(d, table, 0, model, { size: d.pick([16, 32]), steps: [200, 400] });
  const size = sizeOf(task);
  return {
    ...task,
    batch: { x: { shape: [size, length], dtype: "int32" }, y: { shape: [size, length], dtype: "int32" } },
    loss: (output, { y }) =>
      losses.softmaxCrossEntropy(reshape(output, [size * length, letters]), reshape(y!, [size * length])),
  };
}

/** Shares of a whole, under a loss of absolute errors through a sigmoid. */
function shares(d: Draws): Task {
  const [width, out] = [d.whole(6, 16), d.whole(1, 3)];
  const inner = Array.from({ length: out }, () => d.normals(width));
  const noise = 0.5 * d.uniform();
  const table = made(800, width, out, (x, y) => {
    x.set(d.normals(width));
    for (let k = 0; k < out; k++)
      y[k] =
        1 / (1 + Math.exp(noise * d.normal() - inner[k]!.reduce((a, v, j) => a + v * Math.sin(x[j]!), 0)));
  });
  const hidden = d.pick([24, 48]);
  const model = nn.sequential(
    nn.linear(width, hidden),
    nn.layerNorm(hidden),
    nn.relu(),
    nn.linear(hidden, out),
  );
  return { ...onTable(d, table, 0, model), loss: (output, { y }) => losses.l1(sigmoid(output), y!) };
}

/** Marks in small pictures that are shifted, by two convolutions with batch norm and dropout. */
function shiftedPictures(d: Draws): Task {
  const [classes, side] = [d.whole(3, 6), 8];
  const marks = Array.from({ length: classes }, () => d.normals(16).map((v) => Number(v > 0.3)));
  const noise = 0.2 + 0.6 * d.uniform();
  const table = made(500, side * side, 1, (x, y) => {
    y[0] = d.whole(0, classes - 1);
    const [right, down] = [d.whole(0, 4), d.whole(0, 4)];
    x.set(d.normals(side * side).map((v) => noise * v));
    for (let k = 0; k < 16; k++) x[(down + (k >> 2)) * side + right + (k % 4)]! += marks[y[0]!]![k]!;
  });
  const width = d.pick([4, 6]);
  const model = nn.sequential(
    nn.unflatten([1, side, side]),
    nn.conv2d(1, width, 3, { padding: 1, bias: false }),
    nn.batchNorm(width),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(width, 2 * width, 3, { padding: 1, bias: false }),
    nn.batchNorm(2 * width),
    nn.relu(),
    nn.globalAvgPool2d(),
    nn.dropout(d.pick([0.1, 0.3])),
    nn.linear(2 * width, classes),
  );
  return onTable(d, table, classes, model, { size: d.pick([16, 32]), steps: [200, 400] });
}

const ONCE_FRESH: readonly (readonly [string, (d: Draws) => Task])[] = [
  ["diffusion", diffusion],
  ["ranking", ranking],
  ["bag-of-words", bagOfWords],
  ["sets", sets],
  ["counts", counts],
  ["backwards", backwards],
  ["shares", shares],
  ["shifted-pictures", shiftedPictures],
];

export const ONCE_FRESH_FAMILIES: Readonly<Record<string, (k: number) => Task>> = familiesOf(
  ONCE_FRESH,
  40_000,
  (d, task) => trainedBy(d, task, OPTIMIZERS, Object.keys(LATER_SCHEDULES)),
);
