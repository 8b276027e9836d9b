/** A made run as logs show it: fewer points, single batches or means, with or without rates and gradient norms. */
import { FEW_POINTS, type FeatureInput, MIN_POINTS } from "../../src/diagnose/features.ts";
import type { Draws } from "./draws.ts";

const INTERVALS = [2, 5, 10, 20, 50, 100];

/** The run as a log that keeps every k-th step: its value, or the mean of the k steps. */
export function thinned(whole: FeatureInput, d: Draws): readonly [string, FeatureInput] {
  return keptEvery(whole, d.pick(INTERVALS.filter((size) => whole.loss.length / size >= 20)), d);
}

/** The run as seven to forty points, three times in ten fewer than ten: a line an epoch. */
export function sparse(whole: FeatureInput, d: Draws): readonly [string, FeatureInput] {
  const points = d.uniform() < 0.3 ? d.whole(MIN_POINTS, FEW_POINTS - 1) : d.whole(FEW_POINTS, 40);
  const [form, input] = keptEvery(whole, Math.max(1, Math.floor(whole.loss.length / points)), d);
  return [`sparse ${form.split(" ")[1]}`, input];
}

function keptEvery(whole: FeatureInput, k: number, d: Draws): readonly [string, FeatureInput] {
  const mean = d.uniform() < 0.5;
  const bare = d.uniform() < 0.5;
  const kept = mean ? windowed(whole, k) : everyNth(whole, k);
  return [`${k} ${mean ? "mean" : "every"}`, bare ? { ...kept, lr: null, gradNorm: null } : kept];
}

function everyNth({ steps, loss, lr, gradNorm }: FeatureInput, k: number): FeatureInput {
  const keep = (v: Float64Array): Float64Array => v.filter((_, i) => i % k === 0);
  return { steps: keep(steps), loss: keep(loss), lr: lr && keep(lr), gradNorm: gradNorm && keep(gradNorm) };
}

function windowed(input: FeatureInput, size: number): FeatureInput {
  const means = (v: Float64Array): Float64Array =>
    Float64Array.from({ length: Math.floor(v.length / size) }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += v[k * size + i]! / size;
      return sum;
    });
  const last = (v: Float64Array): Float64Array =>
    Float64Array.from({ length: Math.floor(v.length / size) }, (_, k) => v[k * size + size - 1]!);
  return {
    steps: last(input.steps),
    loss: means(input.loss),
    lr: input.lr && last(input.lr),
    gradNorm: input.gradNorm && last(input.gradNorm),
  };
}
