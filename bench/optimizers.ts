/**
 * A training step with optimizers of whole matrices, or those asked for, beside AdamW's, on the transformer of W3 (2 layers, width 128, 16×64 tokens), at
 * their defaults. Run it: STEEPEST_THREADS=1 npx jiti bench/optimizers.ts [backend] [optimizer …]
 */
import { chooseBackend } from "../src/engine/registry.ts";
import { makeOptimizer } from "../src/optim/index.ts";
import { gpts } from "./data.ts";
import { median } from "./report.ts";
import { transformerStep } from "./transformer.ts";

const ROUNDS = 5;
/** Steps a round: two renewals of what is renewed every ten steps. */
const STEPS = 20;

const [name = "native", ...asked] = process.argv.slice(2);
const backend = await chooseBackend(name);
const { batch, context, vocabulary } = gpts.w3;

function stepOf(optimizer: string): () => number {
  const step = transformerStep(backend, makeOptimizer(optimizer));
  for (const [input, ahead] of [["x", 0], ["y", 1]] as const) // biome-ignore format: one table
    step.inputs[input]!.set(
      Int32Array.from({ length: batch * context }, (_, i) => ((i + ahead) * 7919) % vocabulary),
    );
  let taken = 0;
  return () => step.run(++taken, step.lr).loss;
}

const names = ["adamw", ...(asked.length > 0 ? asked : ["soap", "psgd-kron", "muon"])];
const runs = names.map((optimizer) => ({ optimizer, run: stepOf(optimizer), ms: [] as number[] }));
for (const { run } of runs) for (let i = 0; i <= STEPS; i++) run();
for (let round = 0; round < ROUNDS; round++) {
  // one after the other, another one first in every round
  for (const { run, ms } of round % 2 === 0 ? runs : runs.toReversed()) {
    const before = process.cpuUsage();
    for (let i = 0; i < STEPS; i++) run();
    const { user, system } = process.cpuUsage(before);
    ms.push((user + system) / 1000 / STEPS);
  }
}
console.log(`${backend.name}, processor time of a step, median of ${ROUNDS} rounds of ${STEPS} steps`);
for (const { optimizer, ms } of runs) {
  const ratio = median(ms.map((v, i) => v / runs[0]!.ms[i]!));
  console.log(`${optimizer}: ${median(ms).toFixed(1)} ms, ${ratio.toFixed(2)} of AdamW's`);
}
