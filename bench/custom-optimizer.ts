/**
 * The step time of the optimizer that docs/custom-optimizer.md writes in ten lines beside the built-in Adam's: one tensor
 * of 10 million float32 parameters, gradients given, one thread. Run it: npx jiti bench/custom-optimizer.ts
 */
import { readFileSync } from "node:fs";
import { codeBlocks, runSource } from "../scripts/docs/from-sources.ts";
import type { Executable } from "../src/engine/backend.ts";
import { wasm } from "../src/engine/backends/wasm.ts";
import { type Expr, input, type Node } from "../src/engine/index.ts";
import { adam, applyUpdates, flattenState, stateInputs, type Transform } from "../src/optim/index.ts";
import { median } from "./report.ts";

const PARAMETERS = 10_000_000;
const ROUNDS = 25;

/** p, g [n] → p + update, with the optimizer's state, as one program. */
function compile(optimizer: Transform, n: number): Executable {
  const tensor = (name: string): Node<"input"> => input(name, [n], "float32");
  const number = (name: string): Node<"input"> => input(name, [], "float64");
  const [p, g, lr, step] = [tensor("p"), tensor("g"), number("lr"), number("step")];
  const params = { p: p as Expr };
  const state = stateInputs(optimizer.init(params), "state.");
  const hyper = { lr: lr as Expr, step: step as Expr };
  const [updates, after] = optimizer.update({ p: g as Expr }, state, params, hyper);
  const [before, next] = [flattenState(state), flattenState(after)];
  const program = wasm.compile({
    inputs: [g, lr, step],
    state: [
      { input: p, next: applyUpdates(params, updates)["p"]! },
      ...Object.keys(before).map((k) => ({ input: before[k] as Node<"input">, next: next[k]! })),
    ],
    outputs: [],
  });
  // no gradient is so small that the moments would become subnormal, which processors handle slowly
  program.view("g").set(Float32Array.from({ length: n }, (_, i) => Math.sin(i) + 1.5));
  program.view("lr")[0] = 1e-3;
  return program;
}

const page = readFileSync(new URL("../docs/custom-optimizer.md", import.meta.url), "utf8");
const { grams } = await runSource<{ grams: Transform }>(codeBlocks(page, "ts")[0]!);

const optimizers: Readonly<Record<string, Transform>> = { adam: adam(), grams };
const runs = Object.entries(optimizers).map(([name, optimizer]) => ({
  name,
  program: compile(optimizer, PARAMETERS),
  ms: [] as number[],
}));
for (let round = -2; round < ROUNDS; round++) {
  // one after the other, another one first in every round; the first two rounds warm up
  for (const { program, ms } of round % 2 === 0 ? runs : runs.toReversed()) {
    program.view("step")[0] = round + 3;
    const start = performance.now();
    program.run();
    if (round >= 0) ms.push(performance.now() - start);
  }
}
for (const { name, program, ms } of runs) {
  const times = `median ${median(ms).toFixed(1)} ms, fastest ${Math.min(...ms).toFixed(1)} ms`;
  console.log(`${name}: ${times}, ${program.notes["kernels"]} kernels, ${program.notes["loops"]} loops`);
}
const [builtIn, custom] = runs.map((r) => r.ms) as [number[], number[]];
const ratio = median(custom.map((ms, i) => ms / builtIn[i]!));
console.log(`grams ÷ adam: ${ratio.toFixed(2)} (median of ${ROUNDS} rounds; the aim is at most 1.2)`);
