/**
 * What `steepest plan` predicts for data-parallel trainings whose scaling was published, beside what was measured there. The time of one
 * process and the batch are the publication's; links are the nominal ones of the machine. Prints the table of docs/handoff.md:
 *   npx jiti scripts/plan-published.ts
 */
import { predictScaling } from "../src/handoff/plan/scaling.ts";

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
  /** Bytes a second of one process's link, one way. */
  readonly bandwidth: number;
}

const RESNET = 25_557_032;
const BERT = 336_226_108;
/** NVLink of one GPU, one way: NVIDIA's data sheets of V100 and A100. */
const [V100, A100] = [150e9, 300e9];
const LATENCY = 10e-6;

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
    bandwidth: V100,
  },
  {
    what: "ResNet-50, 8 V100 (DGX-1), mixed",
    parameters: RESNET,
    batch: 256,
    rowsPerSecond: 1200,
    processes: 8,
    efficiency: 8322 / 1200 / 8,
    bandwidth: V100,
  },
  {
    what: "ResNet-50, 8 A100, TF32",
    parameters: RESNET,
    batch: 256,
    rowsPerSecond: 938,
    processes: 8,
    efficiency: 7248 / 938 / 8,
    bandwidth: A100,
  },
  {
    what: "ResNet-50, 8 A100, mixed",
    parameters: RESNET,
    batch: 256,
    rowsPerSecond: 2470,
    processes: 8,
    efficiency: 16_621 / 2470 / 8,
    bandwidth: A100,
  },
  {
    what: "ResNet-50, 256 P100, 50 Gbit/s Ethernet",
    parameters: RESNET,
    batch: 32,
    rowsPerSecond: ONE_HOUR,
    processes: 256,
    efficiency: 0.9,
    bandwidth: 50e9 / 8,
  },
  {
    what: "BERT-large, 4 V100 (DGX-2), FP32",
    parameters: BERT,
    batch: 7,
    rowsPerSecond: 8.47,
    processes: 4,
    efficiency: 32.2 / 8.47 / 4,
    bandwidth: V100,
  },
  {
    what: "BERT-large, 16 V100 (DGX-2), FP32",
    parameters: BERT,
    batch: 7,
    rowsPerSecond: 8.47,
    processes: 16,
    efficiency: 126.56 / 8.47 / 16,
    bandwidth: V100,
  },
  {
    what: "BERT-large, 4 V100 (DGX-2), mixed",
    parameters: BERT,
    batch: 7,
    rowsPerSecond: 26.04,
    processes: 4,
    efficiency: 92.68 / 26.04 / 4,
    bandwidth: V100,
  },
  {
    what: "BERT-large, 16 V100 (DGX-2), mixed",
    parameters: BERT,
    batch: 7,
    rowsPerSecond: 26.04,
    processes: 16,
    efficiency: 365.12 / 26.04 / 16,
    bandwidth: V100,
  },
];

const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;

console.log("| training | published | predicted | off by, points |\n| --- | --- | --- | --- |");
for (const { what, parameters, batch, rowsPerSecond, processes, efficiency, bandwidth } of published) {
  const { rows } = predictScaling({
    processes: [processes],
    batchSize: batch,
    mode: "grow",
    compute: { perStep: 0, perRow: 1 / rowsPerSecond },
    network: { latency: LATENCY, bandwidth },
    gradientBytes: 4 * parameters,
    noiseScale: null,
  });
  const [low, high] = [rows[0]!.efficiency, rows[0]!.efficiencyOverlapped];
  const off = efficiency < low ? low - efficiency : Math.max(0, efficiency - high);
  const range = percent(low) === percent(high) ? percent(low) : `${percent(low)}–${percent(high)}`;
  console.log(`| ${what} | ${percent(efficiency)} | ${range} | ${(100 * off).toFixed(0)} |`);
}
