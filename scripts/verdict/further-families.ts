/**
 * Thirteen more families: small normed networks on small batches, counts, times, quantiles, several tasks at once, masked
 * and next words, sequences, sparse rows, smoothed labels, restarts, targets far from zero.
 */
import {
  abs,
  add,
  type Expr,
  exp,
  logSoftmax,
  mean,
  mul,
  reshape,
  slice,
  sub,
  sum,
} from "../../src/engine/graph/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import * as optim from "../../src/optim/index.ts";
import { familiesOf, made, sizeOf, type Trainer, trainedBy } from "./drawn.ts";
import { type Draws, draws } from "./draws.ts";
import { clouds, mlp, onTable, type Task, teacher } from "./families.ts";

const OPTIMIZERS: readonly Trainer[] = [
  [() => optim.sgd({ lr: 1 }), 32],
  [() => optim.sgd({ lr: 1, momentum: 0.9, nesterov: true, weightDecay: 5e-4 }), 8],
  [() => optim.sgd({ lr: 1, momentum: 0.9 }), 8],
  [() => optim.adam({ lr: 1 }), 4],
  [() => optim.adamw({ lr: 1, weightDecay: 0.05 }), 4],
  [() => optim.chain(optim.clipByGlobalNorm(0.5), optim.sgd({ lr: 1, momentum: 0.9 })), 16],
  [() => optim.adagrad({ lr: 1 }), 8],
  [() => optim.rmsprop({ lr: 1 }), 2],
];
const SCHEDULES = [
  "one-cycle",
  "restarts",
  "cosine",
  "warmup-cosine",
  "step",
  "exponential",
  "warmup-linear",
];

/** Marks of 3 × 3 points somewhere in small pictures: two convolutions with batch norm, batches of 4 to 16. */
function normedPictures(d: Draws): Task {
  const [classes, side, width, drop] = [
    d.whole(2, 8),
    d.pick([6, 8]),
    d.pick([4, 6, 8]),
    d.pick([0, 0.2, 0.4]),
  ];
  const marks = Array.from({ length: classes }, () => d.normals(9));
  const noise = 0.2 + 0.8 * d.uniform();
  const table = made(400, side * side, 1, (x, y) => {
    y[0] = d.whole(0, classes - 1);
    const [right, down] = [d.whole(0, side - 3), d.whole(0, side - 3)];
    x.set(d.normals(side * side).map((v) => noise * v));
    for (let k = 0; k < 9; k++) x[(down + Math.floor(k / 3)) * side + right + (k % 3)]! += marks[y[0]!]![k]!;
  });
  const pooled = d.uniform() < 0.5;
  const model = nn.sequential(
    nn.unflatten([1, side, side]),
    nn.conv2d(1, width, 3, { padding: 1 }),
    nn.batchNorm(width),
    nn.relu(),
    nn.dropout(drop / 2),
    nn.maxPool2d(2),
    nn.conv2d(width, width, 3, { padding: 1, bias: false }),
    nn.batchNorm(width),
    nn.relu(),
    pooled ? nn.globalAvgPool2d() : nn.flatten(),
    nn.dropout(drop),
    nn.linear(width * (pooled ? 1 : (side / 2) ** 2), classes),
  );
  return onTable(d, table, classes, model, { size: d.pick([4, 8, 16]), steps: [200, 400] });
}

/** Residual blocks with batch norm and dropout on rows. */
function residualRows(d: Draws): Task {
  const classes = d.uniform() < 0.6 ? d.whole(2, 8) : 0;
  const table = classes > 0 ? clouds(d, classes, { spread: 1 + d.uniform() }) : teacher(d, { noise: 0.4 });
  const [width, drop] = [d.pick([16, 32]), d.pick([0, 0.1, 0.3, 0.5])];
  const block = (): nn.Layer =>
    nn.compose(
      { norm: nn.batchNorm(width), in: nn.linear(width, width), act: nn.relu(), drop: nn.dropout(drop) },
      (call, x) => add(x, call("drop", call("act", call("in", call("norm", x))))),
    );
  const blocks = Array.from({ length: d.whole(1, 3) }, block);
  const model = nn.sequential(nn.linear(table.width, width), ...blocks, nn.linear(width, classes || 1));
  return onTable(d, table, classes, model, { size: d.pick([8, 16, 32]), steps: [250, 500] });
}

/** Counts that scatter more than Poisson's, under his likelihood: with ln y! or, as PyTorch has it, without. */
function poisson(d: Draws): Task {
  const [width, level, extra] = [d.whole(5, 15), 2.5 * d.uniform(), 0.7 * d.uniform()];
  const slope = d.normals(width).map((v) => (0.6 * v) / Math.sqrt(width));
  const table = made(800, width, 2, (x, y) => {
    x.set(d.normals(width));
    const rate = level + extra * d.normal() + slope.reduce((a, v, j) => a + v * x[j]!, 0);
    const end = Math.exp(-Math.exp(Math.min(rate, 3.5)));
    for (let p = d.uniform(); p > end && y[0]! < 80; p *= d.uniform()) y[1]! += Math.log(++y[0]!);
  });
  const full = Number(d.uniform() < 0.5);
  const task = onTable(d, table, 0, mlp(d, width, 1));
  return {
    ...task,
    loss: (output, { y }) =>
      mean(add(sub(exp(output), mul(column(task, y!, 0), output)), mul(column(task, y!, 1), full))),
  };
}

const column = (task: Task, of: Expr, k: number): Expr => columns(task, of, k, k + 1);
const columns = (task: Task, of: Expr, from: number, to: number): Expr =>
  slice(of, [0, from], [sizeOf(task), to]);

/** Times until something happens, of which a part is cut off: the network gives the logarithm of the hazard. */
function survival(d: Draws): Task {
  const width = d.whole(6, 18);
  const slope = d.normals(width).map((v) => v / Math.sqrt(width));
  const cut = 0.3 + 3 * d.uniform();
  const table = made(700, width, 2, (x, y) => {
    x.set(d.normals(width));
    const hazard = Math.exp(Math.sin(slope.reduce((a, v, j) => a + v * x[j]!, 0)) - 0.5);
    const [time, end] = [-Math.log(1 - d.uniform()) / hazard, cut * (0.5 + d.uniform())];
    y.set([Math.min(time, end), Number(time < end)]);
  });
  const task = onTable(d, table, 0, mlp(d, width, 1));
  return {
    ...task,
    loss: (output, { y }) =>
      mean(sub(mul(column(task, y!, 0), exp(output)), mul(column(task, y!, 1), output))),
  };
}

/** Three quantiles of a target whose scatter depends on the row. */
function quantiles(d: Draws): Task {
  const clean = teacher(d, { noise: 0 });
  const { width } = clean;
  const y = clean.y.map((v, i) => v + 0.4 * d.normal() * Math.exp(0.5 * clean.x[i * width]!));
  const task = onTable(d, { ...clean, y }, 0, mlp(d, width, 3));
  return {
    ...task,
    loss: (output, batch) => {
      const pinball = (q: number, k: number): Expr => {
        const error = sub(batch["y"]!, column(task, output, k));
        return mean(add(mul(abs(error), 0.5), mul(error, q - 0.5)));
      };
      return add(add(pinball(0.1, 0), pinball(0.5, 1)), pinball(0.9, 2));
    },
  };
}

/** Classes, two numbers and a yes or no from one body, their losses summed with weights. */
function severalTasks(d: Draws): Task {
  const [width, classes] = [d.whole(8, 20), d.whole(3, 6)];
  const inner = Array.from({ length: classes + 3 }, () =>
    d.normals(width).map((v) => (1.5 * v) / Math.sqrt(width)),
  );
  const [noise, weights] = [0.1 + 0.6 * d.uniform(), [1, 0.2 + 2 * d.uniform(), 0.2 + 2 * d.uniform()]];
  const table = made(700, width, classes + 3, (x, y) => {
    x.set(d.normals(width));
    const h = inner.map((w) => Math.sin(w.reduce((a, v, j) => a + v * x[j]!, 0)) + noise * d.normal());
    const own = h.slice(0, classes);
    y[own.indexOf(Math.max(...own))] = 1;
    y.set([h[classes]!, h[classes + 1]!, Number(h[classes + 2]! > 0)], classes);
  });
  const task = onTable(d, table, 0, mlp(d, width, classes + 3, { drop: d.pick([0, 0, 0.2]) }));
  const part = (of: Expr, from: number, to: number): Expr => columns(task, of, from, classes + to);
  return {
    ...task,
    loss: (output, batch) => {
      const y = batch["y"]!;
      const log = logSoftmax(columns(task, output, 0, classes));
      const parts = [
        mul(sum(mul(log, columns(task, y, 0, classes))), -1 / sizeOf(task)),
        losses.mse(part(output, classes, 2), part(y, classes, 2)),
        losses.bceWithLogits(part(output, classes + 2, 3), part(y, classes + 2, 3)),
      ];
      return parts.map((l, k) => mul(l, weights[k]!)).reduce((a, b) => add(a, b));
    },
  };
}

/** Words are hidden anew in each batch and named by attention to the rest; only the hidden count. */
function masked(d: Draws): Task {
  const [letters, length, width] = [d.whole(6, 14), d.whole(8, 12), 16];
  const noise = 0.1 + 0.2 * d.uniform();
  const table = made(600, length, length, (x, y) => {
    const [start, by] = [d.whole(0, letters - 1), d.whole(1, 3)];
    for (let j = 0; j < length; j++)
      x[j] = d.uniform() < noise ? d.whole(0, letters - 1) : (start + by * j) % letters;
    y.set(x);
  });
  const share = 0.15 + 0.2 * d.uniform();
  const model = nn.sequential(
    nn.embedding(length * (letters + 1), width),
    nn.transformerBlock(width, 2, { causal: false, feedForward: 32, dropout: d.pick([0, 0.1]) }),
    nn.linear(width, letters),
  );
  const task = onTable(d, table, 0, model, { size: d.pick([16, 32]), steps: [200, 350] });
  const { batches } = task;
  const size = sizeOf(task);
  const tokens = { shape: [size, length], dtype: "int32" as const };
  return {
    ...task,
    batch: { x: tokens, y: tokens },
    batches: () => {
      const fill = batches();
      const random = draws(task.seed + 1);
      let hidden: readonly boolean[] = [];
      return (into) =>
        fill({
          x: {
            set: (row, at) => {
              hidden = Array.from(row, () => random.uniform() < share);
              const shown = Array.from(row, (v, j) => j * (letters + 1) + (hidden[j] ? letters : v));
              into["x"]!.set(shown, at);
            },
          },
          y: {
            set: (row, at) =>
              into["y"]!.set(
                Array.from(row, (v, j) => (hidden[j] ? v : -1)),
                at,
              ),
          },
        });
    },
    loss: (output, { y }) =>
      losses.softmaxCrossEntropy(reshape(output, [size * length, letters]), reshape(y!, [size * length]), {
        ignoreIndex: -1,
      }),
  };
}

/** Which kind of movement a short series shows. */
function movements(d: Draws): Task {
  const [length, classes, noise] = [d.whole(8, 12), d.whole(2, 5), 0.2 + 0.8 * d.uniform()];
  const speeds = Array.from({ length: classes }, (_, k) => 0.3 + 0.5 * k);
  const table = made(500, length, 1, (x, y) => {
    y[0] = d.whole(0, classes - 1);
    const phase = 6 * d.uniform();
    x.set(d.normals(length).map((v, t) => Math.sin(phase + speeds[y[0]!]! * t) + noise * v));
  });
  const width = d.pick([8, 16]);
  const model = nn.sequential(
    nn.unflatten([length, 1]),
    nn.gru(1, width, { output: "last" }),
    nn.dropout(d.pick([0, 0.2])),
    nn.linear(width, classes),
  );
  return onTable(d, table, classes, model, { size: d.pick([8, 16, 32]), steps: [200, 350] });
}

/** Rare clicks: six fields of thirty values each, of which a batch meets few. */
function clicks(d: Draws): Task {
  const [fields, values] = [6, 30];
  const pull = d.normals(fields * values).map((v) => 0.9 * v);
  const rare = 1 + 2 * d.uniform();
  const table = made(1200, fields, 1, (x, y) => {
    for (let j = 0; j < fields; j++) x[j] = j * values + Math.floor(values * d.uniform() ** 2.5);
    y[0] = Number(d.uniform() < 1 / (1 + Math.exp(rare - x.reduce((a, v) => a + pull[v]!, 0))));
  });
  const width = d.pick([1, 4, 8]);
  const model = nn.sequential(
    nn.embedding(fields * values, width),
    nn.flatten(),
    nn.linear(fields * width, 1),
  );
  const task = onTable(d, table, 0, model, { steps: [300, 800] });
  return {
    ...task,
    batch: { ...task.batch, x: { shape: [sizeOf(task), fields], dtype: "int32" } },
    loss: (output, { y }) => losses.bceWithLogits(output, y!),
  };
}

/** The next word after three, of a language whose words have the frequencies of Zipf's law. */
function nextWords(d: Draws): Task {
  const [words, before] = [d.whole(50, 100), 3];
  const follows = Array.from({ length: words }, () => Array.from({ length: 4 }, () => zipf(d, words)));
  const loose = 0.3 + 0.4 * d.uniform();
  const said = [0, 1, 2];
  for (let t = 3; t < 6000; t++)
    said.push(d.uniform() < loose ? zipf(d, words) : d.pick(follows[(said[t - 1]! + said[t - 2]!) % words]!));
  const table = made(5000, before, 1, (x, y) => {
    const at = d.whole(before, said.length - 1);
    x.set(said.slice(at - before, at));
    y[0] = said[at]!;
  });
  const width = d.pick([8, 16]);
  const model = nn.sequential(
    nn.embedding(words, width),
    nn.flatten(),
    nn.linear(before * width, 48),
    d.pick([nn.tanh, nn.gelu])(),
    nn.linear(48, words),
  );
  const task = onTable(d, table, words, model, { size: d.pick([8, 16, 32]), steps: [500, 1200] });
  return { ...task, batch: { ...task.batch, x: { shape: [sizeOf(task), before], dtype: "int32" } } };
}

const zipf = (d: Draws, words: number): number => Math.floor(words ** d.uniform()) - 1;

/** Classes with smoothed labels: the loss keeps the entropy of the smoothing. */
function smoothed(d: Draws): Task {
  const classes = d.whole(3, 10);
  const table = clouds(d, classes, { spread: 0.8 + 1.2 * d.uniform() });
  const labelSmoothing = d.pick([0.05, 0.1, 0.2]);
  return {
    ...onTable(d, table, classes, mlp(d, table.width, classes, { norm: d.uniform() < 0.4 })),
    loss: (output, { y }) => losses.softmaxCrossEntropy(output, y!, { labelSmoothing }),
  };
}

/** Longer runs whose rate restarts, or rises and falls once. */
function restarted(d: Draws): Task {
  const classes = d.uniform() < 0.5 ? d.whole(3, 8) : 0;
  const table = classes > 0 ? clouds(d, classes, { spread: 2 }) : teacher(d, { noise: 0.5 });
  const model = mlp(d, table.width, classes || 1);
  return onTable(d, table, classes, model, { steps: [900, 1800], size: d.pick([8, 16, 32]) });
}

/** Targets far from zero: nearly all of the first loss is gone once the network has their mean. */
function farTargets(d: Draws): Task {
  const table = teacher(d, { noise: 0.1 + 0.6 * d.uniform(), targets: d.whole(1, 2) });
  const [far, gain] = [(d.uniform() < 0.5 ? 1 : -1) * 10 ** (0.3 + d.uniform()), 10 ** d.uniform()];
  const y = table.y.map((v) => gain * v + far);
  return onTable(d, { ...table, y }, 0, mlp(d, table.width, table.targets));
}

const FURTHER: readonly (readonly [string, (d: Draws) => Task])[] = [
  ["normed-pictures", normedPictures],
  ["residual-rows", residualRows],
  ["poisson", poisson],
  ["survival", survival],
  ["quantiles", quantiles],
  ["several-tasks", severalTasks],
  ["masked", masked],
  ["movements", movements],
  ["clicks", clicks],
  ["next-words", nextWords],
  ["smoothed", smoothed],
  ["restarted", restarted],
  ["far-targets", farTargets],
];

export const FURTHER_FAMILIES: Readonly<Record<string, (k: number) => Task>> = familiesOf(
  FURTHER,
  50_000,
  (d, task, name) => {
    const own = trainedBy(d, task, OPTIMIZERS, SCHEDULES);
    return name === "restarted" ? { ...own, schedule: d.pick(["restarts", "one-cycle"]) } : own;
  },
);
