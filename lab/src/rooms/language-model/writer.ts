/** What a model in training writes, and where it looks while it reads. */
import type { Backend } from "steepest/engine";
import { type GenerateOptions, generate } from "steepest/predict";
import { activationStep, type LateRun, modelRecord, predictStep } from "steepest/train";

/** Attention over the last characters of a text. */
export interface Attention {
  readonly characters: readonly string[];
  /** By layer and head: row i holds the weights of character i on those up to it, T × T. */
  readonly maps: readonly (readonly Float32Array[])[];
}

export interface Writer {
  readonly write: (options: GenerateOptions) => string;
  readonly attention: (text: string) => Attention;
}

export function createWriter(run: LateRun, backend: Backend): Writer {
  const built = run.built();
  const { model, optimizer, dtype = "float32", shapes } = built.parts;
  const batch = { x: shapes(1)["x"]! };
  const record = modelRecord(built);
  const { input } = record;
  if (input.kind !== "text") throw new Error("this room trains on texts");
  const predict = predictStep({ model, optimizer, dtype, backend, batch });
  const { layers, heads } = built.spec.model as { readonly layers: number; readonly heads: number };
  const names = Array.from({ length: layers }, (_, i) => `blocks.${i}.self_attn.weights`);
  const compileLook = () => activationStep({ model, optimizer, dtype, backend, batch, names });
  let look: ReturnType<typeof compileLook> | undefined;
  return {
    write: (options) => {
      predict.load(run.built().step.state);
      return [...generate({ record, forwardRow: (x) => predict({ x }) }, options)].join("");
    },
    attention: (text) => {
      look ??= compileLook();
      const { load } = look;
      load(run.built().step.state);
      const { vocabulary, context } = input;
      const characters = Array.from(text).slice(-context);
      const window = new Int32Array(context);
      window.set(characters.map((c) => Math.max(0, vocabulary.indexOf(c))));
      const seen = look({ x: window });
      const length = characters.length;
      const mapOf = (all: ArrayLike<number>, head: number): Float32Array =>
        Float32Array.from({ length: length * length }, (_, i) => {
          const [row, column] = [Math.floor(i / length), i % length];
          return all[(head * context + row) * context + column]!;
        });
      return {
        characters,
        maps: names.map((name) => Array.from({ length: heads }, (_, h) => mapOf(seen[name]!.values, h))),
      };
    },
  };
}
