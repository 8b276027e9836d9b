/**
 * Eight kinds of work, with optimizers and schedules of their own, that the verdict model has never seen: to measure it by
 * judge-runs.ts when nothing changes any more. They take no part in the fit, nor in any choice.
 */
import {
  add,
  concat,
  div,
  type Expr,
  exp,
  logSumExp,
  max,
  mean,
  mul,
  sigmoid,
  slice,
  softmax,
  sqrt,
  square,
  sub,
  sum,
} from "../../src/engine/graph/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import * as optim from "../../src/optim/index.ts";
import { familiesOf, made, sizeOf, type Trainer, trainedBy } from "./drawn.ts";
import type { Draws } from "./draws.ts";
import { clouds, onTable, type Task, teacher } from "./families.ts";

const OPTIMIZERS: readonly Trainer[] = [
  [() => optim.sgd({ lr: 1 }), 32],
  [() => optim.sgd({ lr: 1, momentum: 0.8, weightDecay: 1e-3 }), 16],
  [() => optim.adam({ lr: 1, betas: [0.5, 0.999] }), 4],
  [() => optim.amsgrad({ lr: 1 }), 4],
  [() => optim.yogi({ lr: 1 }), 4],
  [() => optim.adabelief({ lr: 1 }), 4],
  [() => optim.lamb({ lr: 1 }), 8],
  [() => optim.chain(optim.clipByValue(0.1), optim.sgd({ lr: 1, momentum: 0.9 })), 32],
];
const SCHEDULES = ["trapezoid", "inverse", "root", "thirds"];

const part = (task: Task, of: Expr, from: number, to: number): Expr =>
  slice(of, [0, from], [sizeOf(task), to]);

/** A body that two-layer networks share. */
function body(d: Draws, width: number, out: number): nn.Layer {
  const hidden = d.pick([16, 32, 48]);
  return nn.sequential(
    nn.linear(width, hidden),
    d.pick([nn.relu, nn.silu, nn.tanh])(),
    nn.linear(hidden, out),
  );
}

/** A variational autoencoder: the noise of its code comes with each row. */
function variational(d: Draws): Task {
  const [width, code, rank] = [d.whole(10, 20), d.whole(2, 4), d.whole(2, 4)];
  const mix = Array.from({ length: rank }, () => d.normals(width));
  const table = made(700, width + code, width, (x, y) => {
    const z = d.normals(rank);
    for (let j = 0; j < width; j++) y[j] = z.reduce((a, v, k) => a + v * mix[k]![j]!, 0.3 * d.normal());
    x.set(y);
    x.set(d.normals(code), width);
  });
  const weight = d.pick([0.1, 0.5, 1]);
  const [encoder, decoder] = [body(d, width, 2 * code), body(d, code, width)];
  let rows = 0;
  const model = nn.compose({ encoder, decoder }, (call, x) => {
    const cut = (of: Expr, from: number, to: number): Expr => slice(of, [0, from], [rows, to]);
    const seen = call("encoder", cut(x, 0, width));
    const [centre, log] = [cut(seen, 0, code), cut(seen, code, 2 * code)];
    const drawn = add(centre, mul(exp(mul(log, 0.5)), cut(x, width, width + code)));
    return concat([call("decoder", drawn), centre, log], 1);
  });
  const task = onTable(d, table, 0, model);
  rows = sizeOf(task);
  return {
    ...task,
    loss: (output, { y }) => {
      const [centre, log] = [
        part(task, output, width, width + code),
        part(task, output, width + code, width + 2 * code),
      ];
      const far = sum(sub(add(square(centre), exp(log)), add(log, 1)));
      return add(
        mul(sum(square(sub(part(task, output, 0, width), y!))), 0.5 / rows),
        mul(far, (0.5 * weight) / rows),
      );
    },
  };
}

/** Which points of a small picture belong to its rectangle. */
function segments(d: Draws): Task {
  const [side, width, noise] = [8, d.pick([4, 6]), 0.3 + 0.7 * d.uniform()];
  const table = made(400, side * side, side * side, (x, y) => {
    const [left, top, wide, high] = [d.whole(0, 4), d.whole(0, 4), d.whole(2, 4), d.whole(2, 4)];
    for (let k = 0; k < y.length; k++) {
      const [i, j] = [k >> 3, k & 7];
      y[k] = Number(i >= top && i < top + high && j >= left && j < left + wide);
      x[k] = y[k]! + noise * d.normal();
    }
  });
  const model = nn.sequential(
    nn.unflatten([1, side, side]),
    nn.conv2d(1, width, 3, { padding: 1 }),
    d.pick([nn.relu, nn.gelu])(),
    nn.conv2d(width, width, 3, { padding: 1 }),
    nn.relu(),
    nn.conv2d(width, 1, 1),
    nn.flatten(),
  );
  const task = onTable(d, table, 0, model, { size: d.pick([4, 8, 16]), steps: [200, 350] });
  const overlap = d.uniform() < 0.5;
  return {
    ...task,
    loss: (output, { y }) => {
      const points = losses.bceWithLogits(output, y!);
      if (!overlap) return points;
      const p = sigmoid(output);
      const dice = div(mul(sum(mul(p, y!)), 2), add(add(sum(p), sum(y!)), 1));
      return add(points, sub(1, dice));
    },
  };
}

/** Two answers to one question: the density of two bells, whose loss may fall below zero. */
function mixtures(d: Draws): Task {
  const clean = teacher(d, { noise: 0 });
  const [apart, noise] = [0.5 + d.uniform(), 0.05 + 0.3 * d.uniform()];
  const y = clean.y.map((v) => v + (d.uniform() < 0.4 ? apart : -apart) + noise * d.normal());
  const task = onTable(d, { ...clean, y }, 0, body(d, clean.width, 6));
  return {
    ...task,
    loss: (output, { y: target }) => {
      const bell = (k: number): Expr => {
        const [share, centre, log] = [0, 2, 4].map((at) => part(task, output, at + k, at + k + 1)) as [
          Expr,
          Expr,
          Expr,
        ];
        return sub(share, add(log, mul(square(mul(sub(target!, centre), exp(mul(log, -1)))), 0.5)));
      };
      const shares = logSumExp(part(task, output, 0, 2), { axes: 1 });
      return mean(sub(shares, logSumExp(concat([bell(0), bell(1)], 1), { axes: 1 })));
    },
  };
}

/** Which words stand together, against four that are drawn. */
function wordPairs(d: Draws): Task {
  const [words, topics, drawn] = [80, d.whole(4, 8), 4];
  const table = made(2500, 2 + drawn, 1, (x) => {
    const topic = d.whole(0, topics - 1);
    const own = (): number =>
      d.uniform() < 0.8 ? topic + topics * d.whole(0, Math.floor(words / topics) - 1) : d.whole(0, words - 1);
    x.set([own(), words + own()]);
    for (let k = 0; k < drawn; k++) x[2 + k] = words + d.whole(0, words - 1);
  });
  const width = d.pick([4, 8, 16]);
  const task = onTable(d, table, 0, nn.embedding(2 * words, width), {
    size: d.pick([16, 32, 64]),
    steps: [300, 700],
  });
  const size = sizeOf(task);
  return {
    ...task,
    batch: { ...task.batch, x: { shape: [size, 2 + drawn], dtype: "int32" } },
    loss: (output) => {
      const word = slice(output, [0, 0, 0], [size, 1, width]);
      const score = (from: number, to: number): Expr =>
        sum(mul(word, slice(output, [0, from, 0], [size, to, width])), { axes: 2 });
      const soft = (e: Expr): Expr => nn.softplus().forward({}, e, { training: true }).output;
      return mul(add(sum(soft(mul(score(1, 2), -1))), sum(soft(score(2, 2 + drawn)))), 1 / size);
    },
  };
}

/** An anchor must lie nearer to its like than to another. */
function triplets(d: Draws): Task {
  const [classes, out] = [d.whole(4, 10), d.pick([4, 8])];
  const clean = clouds(d, classes, { spread: 0.6 + 0.8 * d.uniform() });
  const { width } = clean;
  const row = (i: number): Float64Array => clean.x.subarray(i * width, (i + 1) * width);
  const like = (i: number, same: boolean): number => {
    for (;;) {
      const j = d.whole(0, clean.y.length - 1);
      if ((clean.y[j] === clean.y[i]) === same) return j;
    }
  };
  const table = made(800, 3 * width, 1, (x) => {
    const i = d.whole(0, clean.y.length - 1);
    for (const [k, j] of [i, like(i, true), like(i, false)].entries()) x.set(row(j), k * width);
  });
  const margin = d.pick([0.5, 1]);
  const task = onTable(d, table, 0, nn.sequential(nn.unflatten([3, width]), body(d, width, out)));
  const size = sizeOf(task);
  return {
    ...task,
    loss: (output) => {
      const of = (k: number): Expr => slice(output, [0, k, 0], [size, k + 1, out]);
      const far = (k: number): Expr => sqrt(add(sum(square(sub(of(0), of(k))), { axes: 2 }), 1e-6));
      return mean(max(add(sub(far(1), far(2)), margin), 0));
    },
  };
}

/** Regression by a few experts and a gate that chooses among them. */
function experts(d: Draws): Task {
  const [count, noise] = [d.whole(2, 4), 0.1 + 0.5 * d.uniform()];
  const pieces = Array.from({ length: 3 }, () => [d.normals(6), d.normals(6)] as const);
  const at = (w: readonly number[], x: Float64Array): number =>
    w.reduce((a, v, j) => a + (v * x[j]!) / 2.4, 0);
  const table = made(800, 6, 1, (x, y) => {
    x.set(d.normals(6));
    const scores = pieces.map(([gate]) => at(gate, x));
    y[0] = at(pieces[scores.indexOf(Math.max(...scores))]![1], x) * 2 + noise * d.normal();
  });
  const hidden = d.pick([8, 16]);
  const each = Array.from(
    { length: count },
    (_, k) => [`expert${k}`, nn.sequential(nn.linear(6, hidden), nn.tanh(), nn.linear(hidden, 1))] as const,
  );
  const model = nn.compose({ gate: nn.linear(6, count), ...Object.fromEntries(each) }, (call, x) =>
    sum(
      mul(
        softmax(call("gate", x)),
        concat(
          each.map(([name]) => call(name, x)),
          1,
        ),
      ),
      { axes: 1, keepDims: true },
    ),
  );
  return onTable(d, table, 0, model);
}

/** The symbol that came first must be said after a pause. */
function remembering(d: Draws): Task {
  const [symbols, pause] = [d.whole(3, 6), d.whole(3, 8)];
  const length = pause + 2;
  const table = made(500, length, 1, (x, y) => {
    y[0] = d.whole(0, symbols - 1);
    x[0] = y[0]!;
    for (let t = 1; t < length; t++) x[t] = symbols + d.whole(0, 1);
  });
  const width = d.pick([8, 16]);
  const model = nn.sequential(
    nn.embedding(symbols + 2, 6),
    nn.gru(6, width, { output: "last" }),
    nn.linear(width, symbols),
  );
  const task = onTable(d, table, symbols, model, { size: d.pick([8, 16, 32]), steps: [200, 400] });
  return { ...task, batch: { ...task.batch, x: { shape: [sizeOf(task), length], dtype: "int32" } } };
}

/** Grades in order: a score and the thresholds between them. */
function grades(d: Draws): Task {
  const [width, cuts] = [d.whole(6, 16), d.whole(2, 5)];
  const slope = d.normals(width).map((v) => (1.5 * v) / Math.sqrt(width));
  const noise = 0.2 + 0.8 * d.uniform();
  const table = made(700, width, cuts, (x, y) => {
    x.set(d.normals(width));
    const score = 2 * Math.tanh(slope.reduce((a, v, j) => a + v * x[j]!, 0)) + noise * d.normal();
    for (let k = 0; k < cuts; k++) y[k] = Number(score > (3 * (k + 1)) / (cuts + 1) - 1.5);
  });
  const model = nn.compose(
    { score: body(d, width, 1) },
    (call, x, own) => sub(call("score", x), own["cuts"]!),
    { params: { cuts: nn.constantInit([cuts], 0) } },
  );
  const task = onTable(d, table, 0, model);
  return { ...task, loss: (output, { y }) => mul(losses.bceWithLogits(output, y!), cuts) };
}

const FRESH: readonly (readonly [string, (d: Draws) => Task])[] = [
  ["variational", variational],
  ["segments", segments],
  ["mixtures", mixtures],
  ["word-pairs", wordPairs],
  ["triplets", triplets],
  ["experts", experts],
  ["remembering", remembering],
  ["grades", grades],
];

export const FRESH_FAMILIES: Readonly<Record<string, (k: number) => Task>> = familiesOf(
  FRESH,
  60_000,
  (d, task) => trainedBy(d, task, OPTIMIZERS, SCHEDULES),
);
