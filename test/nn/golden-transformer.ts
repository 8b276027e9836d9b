/** The small transformer of test/golden/transformer.json (make_nn.py): its step, and its batches out of text.txt. */
import type { Backend } from "../../src/engine/backend.ts";
import { gpt, type ParamDType, type ParamSpecs } from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import { adamw } from "../../src/optim/index.ts";
import { type TrainStep, trainStep } from "../../src/train/program.ts";
import golden from "../golden/transformer.json" with { type: "json" };

export { golden };

const { vocabulary, context, layers, width, heads, batch: rows } = golden.model;

/** The weights of the golden run, by the rule its file states. */
function goldenWeights(params: ParamSpecs): ParamSpecs {
  let s = 12345;
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape }]) => {
      const start = name.includes("norm") && name.endsWith("weight") ? 1 : 0;
      const init = (): Float64Array =>
        new Float64Array(shape.reduce((n, d) => n * d, 1)).map(() => {
          s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
          return (s / 2 ** 32 - 0.5) * 0.125 + start;
        });
      return [name, { shape, init }];
    }),
  );
}

type Tokens = "x" | "y";
type Windows = { readonly [K in Tokens]: { shape: number[]; dtype: "int32" } };

export function goldenStep(
  backend: Backend,
  dtype: ParamDType,
  { late = false }: { late?: boolean } = {},
): TrainStep<Windows> {
  const model = gpt({ vocabulary, context, layers, width, heads });
  const { lr, betas, eps, weightDecay } = golden.optimizer;
  return trainStep({
    model: { ...model, params: goldenWeights(model.params) },
    loss: (output, batch) => losses.softmaxCrossEntropy(output, batch["y"]!),
    optimizer: adamw({ lr, betas: betas as [number, number], eps, weightDecay }),
    batch: {
      x: { shape: [rows, context], dtype: "int32" },
      y: { shape: [rows, context], dtype: "int32" },
    },
    dtype,
    backend,
    late,
  });
}

/** Batch k, from 0, of text.txt. */
export function goldenBatch(text: string, k: number): { readonly [K in Tokens]: readonly number[] } {
  const tokens = Array.from(text, (c) => golden.alphabet.indexOf(c));
  const starts = Array.from({ length: rows }, (_, b) => (37 * (rows * k + b)) % (tokens.length - context));
  const windows = (shift: number): number[] =>
    starts.flatMap((at) => tokens.slice(at + shift, at + shift + context));
  return { x: windows(0), y: windows(1) };
}

/** The largest relative difference. */
export const furthest = (actual: readonly number[], wanted: readonly number[]): number =>
  Math.max(...actual.map((a, i) => Math.abs(a - wanted[i]!) / wanted[i]!));
