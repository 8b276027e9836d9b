import { lessonIllConditioned } from "../../data/sources/lesson.ts";
import { add, constant, matmul } from "../../engine/graph/index.ts";
import { bceWithLogits } from "../../nn/losses/index.ts";
import { sgd } from "../../optim/index.ts";
import type { Chart } from "../../plot/chart.ts";
import { type Stepper, type Sweep, sweep } from "../../tune/find-lr/range-test.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { secondProgram, stableRate } from "../second-program.ts";
import { sharpness } from "../sharpness.ts";
import { firstProgram } from "../walkthrough.ts";
import { show } from "../words.ts";

interface Found {
  readonly name: string;
  readonly lrMin: number;
  /** null: the loss never rises up to the highest rate. */
  readonly lrRise: number | null;
  /** The lesson's pick: a tenth of where the loss is least. */
  readonly pick: number | null;
  readonly curve: Sweep;
}

export const experiment: Experiment = defineExperiment({
  claim:
    "raise the learning rate exponentially over a few hundred iterations and pick one 10 times below the loss's minimum",
  claimed: "just before the loss rises, typically 10× smaller than the minimum's",
  settings: { from: 1e-7, to: 10, extended: 1000, iterations: 300 },
  run: async (context, { from, to, extended, iterations }) => {
    const test = async (name: string, stepper: Stepper, highest: number): Promise<Found> => {
      const options = { seed: 0, from, to: highest, iterations, highest };
      const curve = await sweep(stepper, { ...options, onStep: () => context.pause(0.5) });
      const { lrMin, lrRise } = read(curve);
      return { name, lrMin, lrRise, pick: lrRise === null ? null : lrMin / 10, curve };
    };
    const problem = (name: "as-written" | "flipped" | "squared"): Stepper => {
      const run = secondProgram(context, name);
      return { restart: run.reset, step: (lr) => run.step(lr).loss };
    };
    const found = {
      walkthrough: await test("first program", walkthroughTrial(context), to),
      written: await test("second program", problem("as-written"), to),
      flipped: await test("flipped labels", problem("flipped"), extended),
      squared: await test("squared loss", problem("squared"), to),
    };
    const zero = new Float64Array(5);
    const limits = {
      walkthrough: 2 / (await firstSharpness(context)),
      flipped: await stableRate(context, "flipped", zero),
      squared: await stableRate(context, "squared", zero),
    };
    const final = found.walkthrough.pick ?? Number.NaN;
    const defined = Object.values(found).filter((f) => f.pick !== null).length;
    const { flipped, squared, walkthrough, written } = found;
    const say = (f: Found): string => (f.pick === null ? "undefined" : show(f.pick, 3));
    return {
      summary: `first program: least loss at ${show(walkthrough.lrMin)}, a tenth is ${show(final)}, and 2/L is ${show(limits.walkthrough)}`,
      measured: {
        final,
        limits,
        ...Object.fromEntries(Object.entries(found).map(([key, { curve: _, ...f }]) => [key, f])),
      },
      verdict: defined === 0 ? "does-not-hold" : defined === Object.keys(found).length ? "holds" : "holds-if",
      condition:
        `the loss rises within the range. On the second program as written it is ${written.lrRise === null ? "never seen to rise" : `seen to rise at ${show(written.lrRise)}`} ` +
        `up to ${to}, so the rule is ${say(written)}. With flipped labels, looking up to ${extended}, it picks ${say(flipped)} (2/L is ` +
        `${show(limits.flipped)}); with squared loss ${say(squared)} (2/L is ${show(limits.squared)})`,
      figures: () => ({ range_test: figure(Object.values(found)) }),
    };
  },
});

/** As the lesson reads its plot: the rate of the least loss, and the one after it at which the loss is a tenth above. */
function read({ lrs, losses }: Sweep): { lrMin: number; lrRise: number | null } {
  const finite = losses.map((loss) => (Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY));
  const min = Math.min(...finite);
  const at = finite.indexOf(min);
  const rise = finite.findIndex((loss, i) => i > at && loss > 1.1 * min);
  return { lrMin: lrs[at]!, lrRise: rise < 0 ? null : lrs[rise]! };
}

/** SGD on the lesson's first program, from zero weights: from its own the first losses are saturated. */
function walkthroughTrial({ backend }: LessonContext): Stepper {
  const program = firstProgram({
    backend,
    optimizer: sgd({ lr: 1 }),
    start: "zeros",
    dtype: "float64",
    loss: "bce-with-logits",
  });
  const first = program.state.map((s) => s.values.slice());
  let count = 0;
  return {
    restart: () => {
      program.state.forEach((s, i) => {
        s.values.set(first[i]!);
      });
      count = 0;
    },
    step: (lr) => program.run(++count, lr).loss,
  };
}

/** The curvature of its loss at zero weights. */
function firstSharpness(context: LessonContext): Promise<number> {
  const { features, target } = lessonIllConditioned();
  const n = target.data.length;
  const x = constant(Float64Array.from(features.data), { shape: [n, 3], dtype: "float64" });
  const y = constant(Float64Array.from(target.data), { shape: [n, 1], dtype: "float64" });
  return sharpness(context, ({ w, b }) => bceWithLogits(add(matmul(x, w!), b!), y), {
    w: { shape: [3, 1], values: new Float64Array(3) },
    b: { shape: [], values: [0] },
  });
}

const figure = (found: readonly Found[]): Chart => ({
  title: "The learning-rate finder on the lesson's problems",
  subtitle: "one step at each rate, all samples in each step",
  panels: [
    {
      kind: "lines",
      x: { label: "learning rate", scale: "log" },
      y: { label: "loss", domain: [0, 2] },
      series: found.map(({ name, curve }) => ({ name, x: curve.lrs, y: curve.losses })),
    },
  ],
});
