/**
 * What `steepest plan` predicts for trainings whose speed was published, beside what was measured there. For the scaling the
 * time of one process and the batch are the publication's; links are the nominal ones of the machine. For one GPU the step is
 * estimated from its kernels. Prints the tables of docs/handoff.md:
 *   npx jiti scripts/plan-published.ts
 */

import { ASSUMED_JITTER, type Device, devices, type Precision } from "../src/handoff/plan/devices.ts";
import { computeOnDevice } from "../src/handoff/plan/kernel-time.ts";
import type { Network } from "../src/handoff/plan/ring.ts";
import { predictScaling, secondsOf } from "../src/handoff/plan/scaling.ts";
import type { StepParts } from "../src/train/trace.ts";
import { bertLarge, resnet50 } from "./published-models.ts";

interface Published {
  readonly what: string;
  /** Trained parameters; gradients are summed in 4 bytes each. */
  readonly parameters: number;
  /** Rows of a process, and how many it made in a second alone. */
  readonly batch: number;
  readonly rowsPerSecond: number;
  readonly processes: number;
  /** Rows a second of all, over those of one process times their number. */
  readonly efficiency: number;
  readonly network: Network;
}

const RESNET = 25_557_032;
const BERT = 336_226_108;
const LATENCY = 10e-6;
const nvlink = (bandwidth: number): Network => ({ latency: LATENCY, bandwidth });
/** NVLink of one GPU, one way: NVIDIA's data sheets of V100 and A100. */
const [V100, A100] = [nvlink(150e9), nvlink(300e9)];
/** Eight GPUs share a server's card of 50 Gbit/s; NVLink of a P100 by its data sheet. */
const SERVERS: Network = { ...nvlink(50e9 / 8 / 8), machine: { processes: 8, ...nvlink(80e9) } };

// ResNet-50: NVIDIA/DeepLearningExamples, PyTorch/Classification/ConvNets: resnet50v1.5/README.md (21.03), batches of configs.yml.
// BERT-large: the same, PyTorch/LanguageModeling/BERT/README.md at 0663b67 (DGX-2, batch 7).
// 256 P100: Goyal et al. 2017 (arXiv 1706.02677): 90 epochs in an hour at "~90 %" from 8 to 256 GPUs, 32 images each; 50 Gbit/s a server.
const ONE_HOUR = (90 * 1_281_167) / 3600 / 256 / 0.9;
const published: readonly Published[] = [
  {
    what: "ResNet-50, 8 V100 (DGX-1), FP32",
    parameters: RESNET,
    batch: 112,
    rowsPerSecond: 367,
    processes: 8,
    efficiency: 2855 / 367 / 8,
    network: V100,
  },
  {
    what: "ResNet-50, 8 V100 (DGX-1), mixed",
    parameters: RESNET,
    batch: 256,
    rowsPerSecond: 1200,
    processes: 8,
    efficiency: 8322 / 1200 / 8,
    network: V100,
  },
  {
    what: "ResNet-50, 8 A100, TF32",
    parameters: RESNET,
    batch: 256,
    rowsPerSecond: 938,
    processes: 8,
    efficiency: 7248 / 938 / 8,
    network: A100,
  },
  {
    what: "ResNet-50, 8 A100, mixed",
    parameters: RESNET,
    batch: 256,
    rowsPerSecond: 2470,
    processes: 8,
    efficiency: 16_621 / 2470 / 8,
    network: A100,
  },
  {
    what: "ResNet-50, 256 P100, 50 Gbit/s Ethernet",
    parameters: RESNET,
    batch: 32,
    rowsPerSecond: ONE_HOUR,
    processes: 256,
    efficiency: 0.9,
    network: SERVERS,
  },
  {
    what: "BERT-large, 4 V100 (DGX-2), FP32",
    parameters: BERT,
    batch: 7,
    rowsPerSecond: 8.47,
    processes: 4,
    efficiency: 32.2 / 8.47 / 4,
    network: V100,
  },
  {
    what: "BERT-large, 16 V100 (DGX-2), FP32",
    parameters: BERT,
    batch: 7,
    rowsPerSecond: 8.47,
    processes: 16,
    efficiency: 126.56 / 8.47 / 16,
    network: V100,
  },
  {
    what: "BERT-large, 4 V100 (DGX-2), mixed",
    parameters: BERT,
    batch: 7,
    rowsPerSecond: 26.04,
    processes: 4,
    efficiency: 92.68 / 26.04 / 4,
    network: V100,
  },
  {
    what: "BERT-large, 16 V100 (DGX-2), mixed",
    parameters: BERT,
    batch: 7,
    rowsPerSecond: 26.04,
    processes: 16,
    efficiency: 365.12 / 26.04 / 16,
    network: V100,
  },
];

const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;

console.log("| training | published | predicted | off by, points |\n| --- | --- | --- | --- |");
for (const { what, parameters, batch, rowsPerSecond, processes, efficiency, network } of published) {
  const { rows } = predictScaling({
    processes: [processes],
    batchSize: batch,
    mode: "grow",
    compute: { perStep: 0, perRow: 1 / rowsPerSecond },
    network,
    gradientBytes: 4 * parameters,
    noiseScale: null,
    jitter: ASSUMED_JITTER,
  });
  const [low, high] = [rows[0]!.efficiency, rows[0]!.efficiencyOverlapped];
  const off = efficiency < low ? low - efficiency : Math.max(0, efficiency - high);
  const range = percent(low) === percent(high) ? percent(low) : `${percent(low)}–${percent(high)}`;
  console.log(`| ${what} | ${percent(efficiency)} | ${range} | ${(100 * off).toFixed(0)} |`);
}

/** Rows a second of one GPU, of the same publications. */
const alone: readonly {
  readonly what: string;
  readonly partsOf: (rows: number) => StepParts;
  readonly batch: number;
  readonly device: string;
  readonly precision: Precision;
  readonly rowsPerSecond: number;
}[] = [
  {
    what: "ResNet-50",
    partsOf: resnet50,
    batch: 112,
    device: "v100",
    precision: "float32",
    rowsPerSecond: 367,
  },
  {
    what: "ResNet-50",
    partsOf: resnet50,
    batch: 256,
    device: "v100",
    precision: "half",
    rowsPerSecond: 1200,
  },
  { what: "ResNet-50", partsOf: resnet50, batch: 256, device: "a100", precision: "tf32", rowsPerSecond: 938 },
  {
    what: "ResNet-50",
    partsOf: resnet50,
    batch: 256,
    device: "a100",
    precision: "half",
    rowsPerSecond: 2470,
  },
  {
    what: "BERT-large",
    partsOf: bertLarge,
    batch: 7,
    device: "v100",
    precision: "float32",
    rowsPerSecond: 8.47,
  },
  {
    what: "BERT-large",
    partsOf: bertLarge,
    batch: 7,
    device: "v100",
    precision: "half",
    rowsPerSecond: 26.04,
  },
];

const named = (name: string): Device => devices.find((d) => d.name === name)!;

console.log(
  "\n| training on one GPU | published rows/s | predicted | predicted ÷ published |\n| --- | --- | --- | --- |",
);
for (const { what, partsOf, batch, device, precision, rowsPerSecond } of alone) {
  const compute = computeOnDevice(partsOf, batch, { device: named(device), precision });
  const predicted = batch / secondsOf(compute, batch);
  console.log(
    `| ${what}, ${device} in ${precision === "half" ? named(device).half : precision} | ${rowsPerSecond} | ${predicted.toFixed(predicted < 100 ? 1 : 0)} | ${(predicted / rowsPerSecond).toFixed(2)} |`,
  );
}
