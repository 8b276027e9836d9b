/** Trainings of a run file in pieces, side by side, against whole ones. */
import { describe, expect, test } from "vitest";
import { memoryHost } from "../../data/memory-host.ts";
import { wasm } from "../../engine/backends/wasm.ts";
import { parseRun } from "../../run/parse-run.ts";
import { type BuiltRun, buildRun } from "../../train/index.ts";
import { constantScores } from "./constant-predictor.ts";
import { overfittingFactor } from "./overfitting.ts";
import { runStepper } from "./run-stepper.ts";
import { type RunTrials, type RunTrialsOptions, runTrials, type Scores } from "./run-trials.ts";
import { schedulePeak } from "./schedule-peak.ts";

const csv = `x,z,y\n${Array.from({ length: 48 }, (_, i) => `${Math.sin(i)},${i % 5},${Math.cos(2 * i)}`).join("\n")}`;
const build = (more: Readonly<Record<string, unknown>> = {}): Promise<BuiltRun> =>
  buildRun(
    parseRun({
      data: { csv: "a.csv", target: "y", standardize: true },
      model: { kind: "mlp", hidden: [6], dropout: 0.2 },
      optimizer: { name: "adam", lr: 0.01 },
      schedule: "cosine-annealing",
      batchSize: 12,
      steps: 60,
      validation: 0.25,
      ...more,
    }),
    { host: memoryHost({ "a.csv": csv }), backend: wasm },
  );
const trialsOf = (built: BuiltRun, more: Partial<RunTrialsOptions> = {}): RunTrials =>
  runTrials(built, {
    purpose: "validation",
    at: schedulePeak(built).at,
    stepper: runStepper(built),
    ...more,
  });

test("a training in pieces, between others, is bit for bit one in one piece, and what train makes", async () => {
  const [pieces, whole, plain] = [await build(), await build(), await build()];
  const several = trialsOf(pieces);
  await several.reference(20);
  const one = several.start(0.03, 42);
  const other = several.start(0.3, 42);
  const seed = several.start(0.03, 43);
  for (const steps of [13, 20, 41, 60]) {
    await Promise.all([one.advance(steps), other.advance(steps), seed.advance(steps)]);
  }
  const single = trialsOf(whole);
  await single.reference(20);
  const straight = single.start(0.03, 42);
  await straight.advance(60);
  expect(one.scoreAt(60)).toBe(straight.scoreAt(60));
  expect(several.scoresAt(0.03, 60)).toEqual(single.scoresAt(0.03, 60));
  expect(seed.scoreAt(60)).not.toBe(one.scoreAt(60));
  // 36 training rows in batches of 12: whole batches, so the run's own loop takes the same
  for (let k = 0; k < 60; k++) plain.advance(k, 3 * plain.rate.lrAt(k));
  expect(one.scoreAt(60)).toBe(plain.evaluate("validation")!["loss"]);
});

test("a training whose loss is no number has died, and one at rate 0 is the reference", async () => {
  const built = await build({ optimizer: { name: "sgd", lr: 0.1 }, model: { kind: "linear" } });
  const trials = trialsOf(built, { purpose: "training" });
  const reference = await trials.reference(60);
  const still = trials.start(1e-12, 42);
  await still.advance(12);
  expect(still.scoreAt(12)).toBeCloseTo(await trials.reference(12), 6);
  const dead = trials.start(1e6, 42);
  await dead.advance(60);
  expect(dead.scoreAt(60)).toBe(Number.POSITIVE_INFINITY);
  expect(dead.steps).toBeLessThan(60);
  expect(reference).toBeGreaterThan(0);
});

test("until held-out rows gain or rows are learnt by heart, the training loss ranks; afterwards the held-out loss", async () => {
  const built = await build();
  const after60 = async (training: number, validation: number): Promise<[RunTrials, number, Scores]> => {
    const trials = trialsOf(built, { constants: { training, validation } });
    await trials.reference(12);
    const trial = trials.start(0.03, 42);
    await trial.advance(60);
    return [trials, trial.scoreAt(60), trials.scoresAt(0.03, 60)!];
  };
  const [never, score, { training, validation }] = await after60(1e-9, 1e-9);
  expect(score).toBe(training);
  expect(never.rankedBy()).toBe("training");
  // the plateau is that of the loss that ranks
  expect(never.plateau!()).toBe(1e-9);
  for (const constant of [1e-9, 1e9]) {
    const [soon, heldOut] = await after60(1, constant);
    expect(heldOut).toBe(validation);
    expect(soon.rankedBy()).toBe("validation");
    expect(soon.plateau!()).toBe(constant);
  }
});

test("the constant answer's losses are the variance, and the entropy of how often classes come", async () => {
  const numbers = await build({ validation: 0 });
  const y = Array.from(numbers.data.target.data);
  const mean = y.reduce((a, b) => a + b, 0) / y.length;
  const variance = y.reduce((a, v) => a + (v - mean) ** 2, 0) / y.length;
  expect(constantScores(numbers)!.training).toBeCloseTo(variance, 12);
  const classes = await build({
    data: { csv: "a.csv", target: "z" },
    loss: "softmax-cross-entropy",
    validation: 0,
  });
  // 48 rows: 0, 1 and 2 ten times, 3 and 4 nine times
  const entropy = -(3 * (10 / 48) * Math.log(10 / 48) + 2 * (9 / 48) * Math.log(9 / 48));
  expect(constantScores(classes)!.training).toBeCloseTo(entropy, 12);
  expect(constantScores(await build({ loss: { name: "huber" } }))).toBeNull();
});

describe("overfitting in a part of the run", () => {
  const course = (...of: readonly (readonly [number, number, number])[]): [number, Scores][] =>
    of.map(([steps, training, validation]) => [steps, { training, validation }]);
  const factor = (
    courses: Readonly<Record<string, [number, Scores][]>>,
    at = (_: number): number => 1,
  ): number => {
    const whole = (k: number) => ({ factor: at(k), momentum: undefined });
    return overfittingFactor(
      { rate: 0.1, steps: 250, score: 0.5, reference: 1 },
      {
        length: 1000,
        rates: () => Object.keys(courses).map(Number),
        courseOf: (rate) => courses[String(rate)] ?? [],
      },
      { whole, parts: whole },
    );
  };
  const falling = course([125, 0.7, 0.7], [250, 0.5, 0.5]);
  const past = course([125, 0.5, 0.5], [250, 0.2, 0.6]);

  test("a rate above that is past its lowest held-out loss: the whole run wants the same sum of rates", () => {
    expect(factor({ 0.1: falling, 0.2: past })).toBeCloseTo(0.25, 12);
    expect(factor({ 0.1: past, 0.2: past })).toBeCloseTo(0.25, 12);
    // a rate that falls to nothing along the run: Σ of the first quarter over the whole is 7/16
    expect(factor({ 0.1: falling, 0.2: past }, (k) => 1 - k / 1000)).toBeCloseTo(7 / 16, 2);
  });

  test("no change where nothing is past, or where the training loss rises too", () => {
    expect(factor({ 0.1: falling, 0.2: falling })).toBe(1);
    expect(factor({ 0.1: falling, 0.2: course([125, 0.5, 0.5], [250, 0.6, 0.6]) })).toBe(1);
    expect(factor({ 0.1: falling })).toBe(1);
  });
});
