/**
 * Cost as the work grows: steps of W2's network (Adam) in native code beside PyTorch's, one to eight times as wide at batch 64,
 * and with one to sixteen times the batch; one thread each. Writes growth.svg and prints the table:
 * npm --prefix bench run growth -- [--quick]
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { chooseBackend } from "../src/engine/registry.ts";
import * as nn from "../src/nn/index.ts";
import * as losses from "../src/nn/losses/index.ts";
import * as optim from "../src/optim/index.ts";
import type { LinePanel } from "../src/plot/index.ts";
import { savePlot } from "../src/plot/node-save.ts";
import { trainStep } from "../src/train/program.ts";
import { perStep } from "./peers/protocol.mjs";
import { findTorch, withThreads } from "./peers.ts";
import { align } from "./report.ts";

interface Point {
  readonly width: number;
  readonly batch: number;
}

const WIDTHS = [1, 2, 4, 8];
const BATCHES = [1, 2, 4, 8, 16];
const BATCH = 64;

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
});
const { rounds, seconds } = values.quick ? { rounds: 3, seconds: 0.2 } : { rounds: 7, seconds: 0.5 };

const backend = await chooseBackend("native", { threads: 1 });

function stepOf({ width, batch }: Point): () => void {
  const [first, second] = [256 * width, 128 * width];
  const layers = [
    nn.linear(784, first),
    nn.relu(),
    nn.linear(first, second),
    nn.relu(),
    nn.linear(second, 10),
  ];
  const step = trainStep({
    model: nn.sequential(...layers),
    loss: (logits, { y }) => losses.softmaxCrossEntropy(logits, y!),
    optimizer: optim.adam({ lr: 1e-3 }),
    batch: { x: [batch, 784], y: { shape: [batch], dtype: "int32" } },
    backend,
  });
  step.inputs["x"]!.forEach((_, i, x) => {
    x[i] = ((i * 7919) % 1000) / 1000;
  });
  step.inputs["y"]!.forEach((_, i, y) => {
    y[i] = i % 10;
  });
  let count = 0;
  return () => {
    step.run(++count, step.lr);
  };
}

const torch = findTorch();
const peer = spawn(torch.command, [join(import.meta.dirname, "peers/torch_growth.py")], {
  env: withThreads(1),
  stdio: ["pipe", "pipe", "inherit"],
});
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
async function torchStep({ width, batch }: Point): Promise<number> {
  peer.stdin.write(`${width} ${batch} ${seconds}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error("torch_growth.py ended; its message is above");
  return Number(value);
}

/** Steps in a second of processor time of both, in turns; the fastest round counts. */
async function measure(point: Point): Promise<{ ours: number; torch: number }> {
  const step = stepOf(point);
  step();
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push((await perStep(step, seconds)).cpu);
    theirs.push(await torchStep(point));
  }
  return { ours: 1e3 / Math.min(...ours), torch: 1e3 / Math.min(...theirs) };
}

const digits = (x: number): string => (x >= 100 ? x.toFixed(0) : x.toFixed(1));

async function curve(
  label: string,
  factors: readonly number[],
  pointOf: (factor: number) => Point,
): Promise<LinePanel> {
  const found: { ours: number; torch: number }[] = [];
  for (const factor of factors) found.push(await measure(pointOf(factor)));
  const rows = found.map(({ ours, torch }, i) => [
    `${label} ×${factors[i]}`,
    digits(ours),
    digits(torch),
    `${(ours / torch).toFixed(1)}×`,
  ]);
  console.log(`\n${align([["steps/s", "steepest", "torch", "ratio"], ...rows])}`);
  return {
    kind: "lines",
    x: { label: `${label}, times W2's`, scale: "log" },
    y: { label: "steps/s of processor time", scale: "log" },
    series: [
      { name: "steepest", x: factors, y: found.map((f) => f.ours) },
      { name: "torch", x: factors, y: found.map((f) => f.torch) },
    ],
  };
}

const panels = [
  await curve("width", WIDTHS, (width) => ({ width, batch: BATCH })),
  await curve("batch", BATCHES, (factor) => ({ width: 1, batch: factor * BATCH })),
];
peer.stdin.end();
await savePlot(
  {
    title: "Cost as the work grows",
    subtitle: `MLP 784-256-128-10 with Adam, batch ${BATCH}; one thread each; torch ${torch.version}`,
    panels,
  },
  join(import.meta.dirname, "growth.svg"),
);
