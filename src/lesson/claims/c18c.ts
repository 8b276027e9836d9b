import { constant, matmul, mul, sub, sum } from "../../engine/graph/index.ts";
import { emaMomentum, sgd, type Tensors, type Transform } from "../../optim/index.ts";
import { stream } from "../../random/index.ts";
import { mean } from "../../run/mean.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { descent } from "../descent.ts";
import { sharpness } from "../sharpness.ts";
import { fixed, show } from "../words.ts";

/** Trained to this loss, every run fits its data: what differs is which solution it found. */
const FITTED = 1e-9;

interface Task {
  readonly n: number;
  readonly d: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly truth: Float64Array;
}

/** y = x·w for a w with few non-zero entries; fewer samples than dimensions. */
function sparseTask(seed: number, n: number, d: number, sparse: number): Task {
  const random = stream(seed, "sparse regression");
  const x = random.normal(n * d);
  const truth = Float64Array.from({ length: d }, (_, j) => (j < sparse ? 1 : 0));
  const y = Float64Array.from({ length: n }, (_, i) => truth.reduce((s, w, j) => s + w * x[i * d + j]!, 0));
  return { n, d, x, y, truth };
}

interface Solution {
  /** Mean square error on fresh data: ‖w − w*‖², for normal features. */
  readonly test: number;
  readonly trace: number;
  readonly top: number;
  readonly steps: number;
}

/** A diagonal linear network w = u² − v² from u = v = α, trained on single samples or on all at once. */
async function train(
  context: LessonContext,
  task: Task,
  {
    optimizer,
    single,
    alpha,
    maxSteps,
    seed,
  }: { optimizer: Transform; single: boolean; alpha: number; maxSteps: number; seed: number },
): Promise<Solution | null> {
  const { n, d, x, y, truth } = task;
  const rows = single ? 1 : n;
  const filled = { shape: [d, 1], values: new Float64Array(d).fill(alpha) };
  const run = descent(context, {
    start: { u: filled, v: filled },
    data: single ? { sample: [1, d], target: [1, 1] } : {},
    loss: (at, data) =>
      squared(at, single ? data["sample"]! : whole(task), single ? data["target"]! : targets(task), rows),
    optimizer,
  });
  const [u, v] = [run.at["u"]!, run.at["v"]!];
  const weight = (j: number): number => u[j]! ** 2 - v[j]! ** 2;
  const trainLoss = (): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let error = -y[i]!;
      for (let j = 0; j < d; j++) error += weight(j) * x[i * d + j]!;
      sum += error * error;
    }
    return sum / n;
  };
  const samples = Array.from({ length: n }, (_, i) => x.subarray(i * d, (i + 1) * d));
  const random = stream(seed, "order");
  const block = 2000;
  for (let k = 0; k < maxSteps; k += block) {
    const order = single ? random.integers(block, 0, n) : null;
    for (let i = 0; i < block; i++) {
      if (order) {
        run.data["sample"]!.set(samples[order[i]!]!);
        run.data["target"]![0] = y[order[i]!]!;
      }
      run.step();
    }
    const loss = trainLoss();
    if (!Number.isFinite(loss)) return null;
    if (loss < FITTED) {
      let [test, trace] = [0, 0];
      for (let j = 0; j < d; j++) {
        test += (weight(j) - truth[j]!) ** 2;
        let size = 0;
        for (let i = 0; i < n; i++) size += x[i * d + j]! ** 2;
        trace += (4 * (u[j]! ** 2 + v[j]! ** 2) * size) / n;
      }
      const at = { u: { shape: [d, 1], values: u }, v: { shape: [d, 1], values: v } };
      const top = await sharpness(context, (point) => squared(point, whole(task), targets(task), n), at);
      return { test, trace, top, steps: k + block };
    }
    await context.pause(k / maxSteps);
  }
  return null;
}

const whole = ({ x, n, d }: Task): ReturnType<typeof constant> =>
  constant(x, { shape: [n, d], dtype: "float64" });
const targets = ({ y, n }: Task): ReturnType<typeof constant> =>
  constant(y, { shape: [n, 1], dtype: "float64" });

function squared(
  { u, v }: Tensors,
  x: ReturnType<typeof constant>,
  y: ReturnType<typeof constant>,
  rows: number,
): ReturnType<typeof constant> {
  const error = sub(matmul(x, sub(mul(u!, u!), mul(v!, v!))), y);
  return mul(0.5 / rows, sum(mul(error, error)));
}

export const experiment: Experiment = defineExperiment({
  claim: "flat minima, found by large learning rates, generalise better",
  claimed: "flat minima generalize better",
  settings: {
    n: 40,
    d: 100,
    sparse: 5,
    alpha: 0.1,
    tasks: 3,
    small: 0.0005,
    large: 0.05,
    maxSteps: 600_000,
    seed: 1,
  },
  run: async (context, { n, d, sparse, alpha, tasks, small, large, maxSteps, seed }) => {
    const ways: readonly (readonly [string, Transform, boolean])[] = [
      ["small", sgd({ lr: small }), true],
      ["large", sgd({ lr: large }), true],
      ["largeMomentum", emaMomentum({ lr: large, beta: 0.9 }), true],
      ["wholeSmall", sgd({ lr: 10 * small }), false],
      ["wholeLarge", sgd({ lr: 0.15 }), false],
    ];
    const found: Record<string, Solution[]> = {};
    for (let t = 0; t < tasks; t++) {
      const task = sparseTask(seed + t, n, d, sparse);
      for (const [name, optimizer, single] of ways) {
        const s = await train(context, task, { optimizer, single, alpha, maxSteps, seed: seed + t });
        if (s) (found[name] ??= []).push(s);
      }
    }
    const of = (name: string, key: keyof Solution): number => mean((found[name] ?? []).map((s) => s[key]));
    const summaryOf = (name: string): Solution => ({
      test: of(name, "test"),
      trace: of(name, "trace"),
      top: of(name, "top"),
      steps: of(name, "steps"),
    });
    const all = Object.fromEntries(ways.map(([name]) => [name, summaryOf(name)]));
    const [a, b, c, e, f] = ways.map(([name]) => all[name]!) as [
      Solution,
      Solution,
      Solution,
      Solution,
      Solution,
    ];
    const better = b.test < 0.7 * a.test && b.trace < a.trace;
    return {
      summary: `test error ${show(a.test)} at learning rate ${small}, ${show(b.test)} at ${large}, both fitting the data`,
      measured: { final: b.test / a.test, ...all },
      verdict: !better ? "does-not-hold" : f.test > b.test ? "holds-if" : "holds",
      condition:
        `it is learning rate × gradient noise: on single samples (averaging momentum at ${large}: ${show(c.test)}), and flat by ` +
        `the Hessian's trace, ${fixed(a.trace, 1)} to ${fixed(b.trace, 1)}; the largest curvature is ${fixed(a.top, 2)} and ` +
        `${fixed(b.top, 2)}. Over all samples at once ${show(e.test)} at ${10 * small} and ${show(f.test)} at 0.15`,
    };
  },
});
