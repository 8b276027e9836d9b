/**
 * The lesson's two programs, replayed: the data of NumPy's seed 42, the initial weights of PyTorch's seed 42, float32
 * as the lesson computes and float64 to tell rounding from method.
 */
import { lessonIllConditioned, lessonLogistic } from "../data/sources/lesson.ts";
import type { Backend, Executable } from "../engine/backend.ts";
import {
  add,
  constant,
  div,
  input,
  log,
  matmul,
  mean,
  min,
  mul,
  neg,
  reshape,
  sigmoid,
  sub,
} from "../engine/graph/index.ts";
import {
  linear,
  losses,
  type ParamDType,
  sequential,
  sigmoid as sigmoidLayer,
  torchInit,
} from "../nn/index.ts";
import { adam, sgd, type Transform } from "../optim/index.ts";
import { torchGenerator } from "../random/index.ts";
import { trainStep } from "../train/program.ts";
import type { ClaimResult } from "./claim.ts";

const EPOCHS = 500;

export interface WalkthroughOptions {
  readonly backend: Backend;
  readonly dtype?: ParamDType;
  readonly epochs?: number;
  /** "bce" on sigmoid outputs with PyTorch's clamping is what the lesson wrote. */
  readonly loss?: "bce" | "bce-with-logits";
  readonly lr?: { readonly sgd: number; readonly adam: number };
}

/** The first program: loss at each epoch for SGD, then Adam; both models come out of one PyTorch stream in turn. */
export function optimizerHistories({
  backend,
  dtype = "float32",
  epochs = EPOCHS,
  loss = "bce",
  lr = { sgd: 0.001, adam: 0.01 },
}: WalkthroughOptions): { readonly sgd: Float64Array; readonly adam: Float64Array } {
  const { features, target } = lessonIllConditioned();
  const n = target.data.length;
  const generator = torchGenerator(42);
  const history = (optimizer: Transform): Float64Array => {
    const step = trainStep({
      model: loss === "bce" ? sequential(linear(3, 1), sigmoidLayer()) : sequential(linear(3, 1)),
      loss: (output, batch) =>
        loss === "bce" ? losses.bce(output, batch["y"]!) : losses.bceWithLogits(output, batch["y"]!),
      optimizer,
      batch: { x: [n, 3], y: [n, 1] },
      dtype,
      backend,
      // nn.Linear draws float32 whatever the run computes in
      init: torchInit(generator, "float32"),
    });
    step.inputs["x"]!.set(features.data);
    step.inputs["y"]!.set(target.data);
    const out = new Float64Array(epochs);
    for (let k = 0; k < epochs; k++) out[k] = step.run(k + 1, step.lr).loss;
    return out;
  };
  return { sgd: history(sgd({ lr: lr.sgd })), adam: history(adam({ lr: lr.adam })) };
}

/** The second program's `train_gd`: its loss has 1e-9 inside both logs, its gradient does not; losses are cut at 10. */
export function gradientDescentHistories({
  backend,
  dtype = "float64",
  epochs = EPOCHS,
  rates = [5.0, 0.5, 0.001],
}: {
  readonly backend: Backend;
  readonly dtype?: ParamDType;
  readonly epochs?: number;
  readonly rates?: readonly number[];
}): readonly Float64Array[] {
  const { features, target } = lessonLogistic();
  const n = target.data.length;
  const float = (values: ArrayLike<number>): Float32Array | Float64Array =>
    dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values);
  const x = constant(float(features.data), { shape: [n, 5], dtype });
  const y = constant(float(target.data), { shape: [n, 1], dtype });
  const w = input("w", [5, 1], dtype);
  const rate = input("lr", [], "float64");
  const yhat = sigmoid(matmul(x, w));
  const loss = neg(mean(add(mul(y, log(add(yhat, 1e-9))), mul(sub(1, y), log(add(sub(1, yhat), 1e-9))))));
  const gradient = div(matmul(x, sub(yhat, y), { transposeA: true }), n);
  const program: Executable = backend.compile({
    inputs: [rate],
    state: [{ input: w, next: reshape(sub(w, mul(rate, gradient)), [5, 1]) }],
    outputs: [{ name: "loss", value: min(loss, 10) }],
  });
  return rates.map((lr) => {
    program.view("w").fill(0);
    program.view("lr")[0] = lr;
    const out = new Float64Array(epochs);
    for (let k = 0; k < epochs; k++) {
      program.run();
      out[k] = program.view("loss")[0]!;
    }
    return out;
  });
}

/** The claims of both programs, measured here and now. `tolerance` is what the lesson's two decimals leave open. */
export function walkthroughClaims(
  backend: Backend,
  { tolerance = 0.005 }: { tolerance?: number } = {},
): ClaimResult[] {
  const asWritten = optimizerHistories({ backend });
  const exact = optimizerHistories({ backend, dtype: "float64" });
  // as many epochs as bring both to the claimed numbers, at the largest stable rate (2/L) and a large one
  const condition = { epochs: 3300, lr: { sgd: 0.0008, adam: 0.5 } };
  const longer = optimizerHistories({ backend, dtype: "float64", loss: "bce-with-logits", ...condition });
  const optimizer = (name: "sgd" | "adam", label: string, claimed: number, lr: number): ClaimResult => {
    const final = last(asWritten[name]);
    const there = last(longer[name]);
    const near = (value: number): boolean => Math.abs(value - claimed) <= tolerance;
    return {
      id: `walkthrough-${name}`,
      claim: `${label} at learning rate ${lr} ends 500 epochs at a loss of ${claimed}`,
      claimed,
      measured: {
        final,
        float32: { final, history: [...asWritten[name]] },
        float64: { final: last(exact[name]), history: [...exact[name]] },
      },
      verdict: near(final) ? "holds" : near(there) ? "holds-if" : "does-not-hold",
      condition: near(final)
        ? null
        : `${condition.epochs} epochs at learning rate ${condition.lr[name]}, loss from logits, float64: ${there.toFixed(4)}`,
    };
  };
  return [
    optimizer("sgd", "SGD", 0.48, 0.001),
    optimizer("adam", "Adam", 0.05, 0.01),
    ...descentClaims(backend),
  ];
}

function descentClaims(backend: Backend): ClaimResult[] {
  const rates = [5.0, 0.5, 0.001];
  const histories = gradientDescentHistories({ backend, rates });
  const single = gradientDescentHistories({ backend, rates, dtype: "float32" });
  const said = ["too high (diverges)", "good (converges smoothly)", "too low (barely moves in 500 steps)"];
  return rates.map((lr, i) => {
    const history = histories[i]!;
    const final = last(history);
    const falls = history.every((loss, k) => k === 0 || loss <= history[k - 1]!);
    const decrease = 1 - final / history[0]!;
    const holds = [!falls || final > history[0]!, falls && decrease > 0.5, decrease < 0.2][i]!;
    return {
      id: `walkthrough-gd-${lr}`,
      claim: `gradient descent at learning rate ${lr} is ${said[i]}`,
      claimed: said[i]!,
      measured: {
        final,
        first: history[0]!,
        falls,
        float32: { final: last(single[i]!), history: [...single[i]!] },
        float64: { final, history: [...history] },
      },
      verdict: holds ? "holds" : "does-not-hold",
      condition: null,
    };
  });
}

const last = (values: Float64Array): number => values[values.length - 1]!;
