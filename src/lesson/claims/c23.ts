import { gpt, streamInit } from "../../nn/index.ts";
import * as losses from "../../nn/losses/index.ts";
import { adamw, type Options, schedules } from "../../optim/index.ts";
import { type Stream, stream } from "../../random/index.ts";
import { mean } from "../../run/mean.ts";
import { trainStep } from "../../train/program.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { timed } from "../timed.ts";
import { fixed } from "../words.ts";

const VOCABULARY = 32;
const CONTEXT = 16;
const BATCH = 16;

/** Text of a language with a grammar: after each letter one of four comes, in equal shares: its entropy is at most log 4. */
function writer(seed: number): (random: Stream, length: number) => Int32Array {
  const rules = stream(seed, "grammar").integers(VOCABULARY * 4, 0, VOCABULARY);
  return (random, length) => {
    const choice = random.integers(length, 0, 4);
    const text = new Int32Array(length);
    for (let i = 1; i < length; i++) text[i] = rules[text[i - 1]! * 4 + choice[i]!]!;
    return text;
  };
}

/** A small transformer trained on that text; the loss on text it has not seen, at the end. */
async function train(
  context: LessonContext,
  rates: readonly number[],
  { steps, seed, done }: { steps: number; seed: number; done: number },
): Promise<number[]> {
  const step = trainStep({
    model: gpt({ vocabulary: VOCABULARY, context: CONTEXT, layers: 1, width: 32, heads: 2 }),
    loss: (output, batch) => losses.softmaxCrossEntropy(output, batch["y"]!),
    optimizer: adamw({ lr: 1 }),
    batch: { x: { shape: [BATCH, CONTEXT], dtype: "int32" }, y: { shape: [BATCH, CONTEXT], dtype: "int32" } },
    backend: context.backend,
    init: streamInit(stream(seed, "init")),
  });
  const write = writer(1);
  const random = stream(seed, "text");
  const fill = (): void => {
    for (let b = 0; b < BATCH; b++) {
      const text = write(random, CONTEXT + 9).subarray(8);
      step.inputs["x"]!.set(text.subarray(0, CONTEXT), b * CONTEXT);
      step.inputs["y"]!.set(text.subarray(1), b * CONTEXT);
    }
  };
  for (let k = 0; k < steps; k++) {
    fill();
    step.run(k + 1, rates[k]!);
    if (k % 20 === 0) await context.pause(done + k / steps / 10);
  }
  const ends: number[] = [];
  for (let k = 0; k < 20; k++) {
    fill();
    ends.push(step.run(steps + 1, 0).loss);
  }
  return ends;
}

export const experiment: Experiment = defineExperiment({
  claim: "cosine annealing is the best default for transformers, and the Hugging Face standard",
  claimed: "best default for transformers; Hugging Face standard",
  settings: { lr: 0.01, steps: 200, warmup: 20, seeds: 2, seed: 1 },
  run: async (context, { lr, steps, warmup, seeds, seed }) => {
    const contestants: readonly (readonly [string, string, Options])[] = [
      ["constant after warm-up", "warmup-constant", { warmupSteps: warmup }],
      ["linear", "warmup-linear", { warmupSteps: warmup }],
      ["cosine", "warmup-cosine", { warmupSteps: warmup }],
      ["warm restarts", "CosineAnnealingWarmRestarts", { T_0: Math.ceil(steps / 4) }],
    ];
    const results: { name: string; loss: number; deviation: number }[] = [];
    for (const [name, schedule, options] of contestants) {
      const { lrAt } = timed(schedule, lr, options, steps);
      const rates = Array.from({ length: steps }, (_, k) => lrAt(k));
      const ends: number[] = [];
      for (let s = 0; s < seeds; s++) {
        const done = results.length / contestants.length;
        ends.push(mean(await train(context, rates, { steps, seed: seed + s, done })));
      }
      const middle = mean(ends);
      results.push({ name, loss: middle, deviation: Math.sqrt(mean(ends.map((e) => (e - middle) ** 2))) });
    }
    const [constant, linear, cosine] = results as [Result, Result, Result, Result];
    const huggingFace = schedules.flatMap((s) => s.elsewhere.filter((a) => a.library === "hugging-face"));
    const best = results.reduce((a, b) => (b.loss < a.loss ? b : a));
    const clear = best.name === "cosine" && linear.loss - cosine.loss > linear.deviation + cosine.deviation;
    return {
      summary: `small transformer: ${results.map((r) => `${r.name} ${fixed(r.loss, 3)}`).join(", ")}`,
      measured: { final: cosine.loss, results, best: best.name, huggingFaceSchedules: huggingFace.length },
      verdict: clear ? "holds-if" : cosine.loss < constant.loss ? "holds-if" : "does-not-hold",
      condition:
        `"best" means better than a constant rate (${fixed(constant.loss, 3)} against ${fixed(cosine.loss, 3)}); between cosine and ` +
        `linear the difference is ${fixed(cosine.loss - linear.loss, 3)} with deviations of ${fixed(cosine.deviation, 3)} and ` +
        `${fixed(linear.deviation, 3)} over ${seeds} seeds. Cosine is one of ${huggingFace.length} schedules of Hugging Face's, whose ` +
        `Trainer has linear as its default (read in its source, not measured)`,
    };
  },
});

interface Result {
  readonly name: string;
  readonly loss: number;
  readonly deviation: number;
}
