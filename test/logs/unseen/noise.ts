/** Lines of other things among the records, as programs print them. */
import type { Element, Random } from "./told.ts";

export interface Noise extends Element {
  /** Once above a run, once below it, or now and then between records. */
  readonly where: "above" | "below" | "between";
  readonly lines: (random: Random, i: number, best: number) => readonly string[];
}

const some = (random: Random, from: number, to: number, digits = 2): string =>
  (from + random() * (to - from)).toFixed(digits);

export const NOISE: readonly Noise[] = [
  {
    id: "options",
    half: 0,
    where: "above",
    lines: () => ["Namespace(lr=0.001, batch_size=64, epochs=30, weight_decay=0.01, loss='ce', seed=7)"],
  },
  {
    id: "devices",
    half: 0,
    where: "above",
    lines: () => ["Using device: cuda:0", "Number of parameters: 1,204,874"],
  },
  {
    id: "model",
    half: 0,
    where: "above",
    lines: () => [
      "Net(",
      "  (conv1): Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1))",
      "  (fc): Linear(in_features=512, out_features=10, bias=True)",
      ")",
    ],
  },
  { id: "blank", half: 0, where: "between", lines: () => [""] },
  {
    id: "checkpoint",
    half: 0,
    where: "between",
    lines: (_, i) => [`Saving checkpoint to runs/exp3/ckpt_${i}.pt`],
  },
  {
    id: "best",
    half: 0,
    where: "between",
    lines: (_, i, best) => [`New best: ${best.toFixed(4)} (record ${i})`],
  },
  {
    id: "warning",
    half: 0,
    where: "between",
    lines: () => [
      "/usr/lib/python3.11/site-packages/torch/optim/lr_scheduler.py:143: UserWarning: Detected call of `lr_scheduler.step()` before `optimizer.step()`.",
      "  warnings.warn(",
    ],
  },
  { id: "done", half: 0, where: "below", lines: (r) => [`Training finished in ${some(r, 100, 900)} s`] },
  {
    id: "seed",
    half: 1,
    where: "above",
    lines: () => [
      "Global seed set to 42",
      "commit 9f3c2ab (dirty)",
      "Loaded 50000 training and 10000 validation examples",
    ],
  },
  {
    id: "yaml-options",
    half: 1,
    where: "above",
    lines: () => [
      "config:",
      "  optimizer: adamw",
      "  lr: 0.0003",
      "  betas: [0.9, 0.95]",
      "  dropout: 0.1",
      "  loss: cross_entropy",
      "  batch_size: 128",
    ],
  },
  {
    id: "summary-table",
    half: 1,
    where: "above",
    lines: () => [
      "  | Name  | Type   | Params",
      "---------------------------------",
      "0 | body  | ResNet | 11.2 M",
      "1 | head  | Linear | 5.1 K ",
      "---------------------------------",
      "11.2 M    Trainable params",
    ],
  },
  {
    id: "download",
    half: 1,
    where: "above",
    lines: () => [
      "Downloading weights.bin:  50%|█████     | 49.0M/98.0M [00:02<00:02, 21.3MB/s]",
      "Downloading weights.bin: 100%|██████████| 98.0M/98.0M [00:04<00:00, 22.6MB/s]",
    ],
  },
  {
    id: "patience",
    half: 1,
    where: "between",
    lines: (_, i) => [`EarlyStopping counter: ${1 + (i % 4)} out of 10`],
  },
  {
    id: "memory",
    half: 1,
    where: "between",
    lines: (r) => [`GPU memory: ${some(r, 9, 12)} GB allocated, ${some(r, 14, 16)} GB reserved`],
  },
  {
    id: "sample",
    half: 1,
    where: "between",
    lines: (r) => [`SAMPLE> in ${whole4(r)} the ship of 12 men left for the 3 islands`],
  },
  {
    id: "took",
    half: 1,
    where: "between",
    lines: (r) => [`took ${some(r, 11, 14)}s, data ${some(r, 0.1, 0.4, 3)}s`],
  },
  {
    id: "scaler",
    half: 1,
    where: "between",
    lines: () => ["Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 32768.0"],
  },
  {
    id: "saved-as",
    half: 1,
    where: "between",
    lines: (_, i, best) => [`model written to out/model-${i}-${best.toFixed(3)}.h5`],
  },
  {
    id: "final",
    half: 1,
    where: "below",
    lines: (_, _i, best) => ["", `Best loss ${best.toFixed(4)}`, "Bye."],
  },
  {
    id: "interrupt",
    half: 1,
    where: "below",
    lines: () => [
      "^CTraceback (most recent call last):",
      '  File "train.py", line 214, in <module>',
      "    main()",
      "KeyboardInterrupt",
    ],
  },
];

const whole4 = (r: Random): string => `${1700 + Math.floor(300 * r())}`;

/** What else stands in a record. */
export interface Extra extends Element {
  readonly name: string;
  readonly text: (random: Random, i: number, points: number) => string;
}

export const EXTRAS: readonly Extra[] = [
  { id: "time", half: 0, name: "time", text: (r) => `${some(r, 1, 2, 3)}s` },
  { id: "speed", half: 0, name: "samples/sec", text: (r) => some(r, 900, 1100, 1) },
  {
    id: "eta",
    half: 0,
    name: "eta",
    text: (_, i, n) =>
      `0:${`${Math.floor((n - i) / 60) % 60}`.padStart(2, "0")}:${`${(n - i) % 60}`.padStart(2, "0")}`,
  },
  { id: "mem", half: 0, name: "mem", text: () => "10324" },
  { id: "loss-scale", half: 1, name: "loss_scale", text: () => "65536" },
  { id: "tokens-per-second", half: 1, name: "tok/s", text: (r) => some(r, 41000, 43000, 0) },
  { id: "data-time", half: 1, name: "data_time", text: (r) => some(r, 0.01, 0.03, 4) },
  { id: "weight-norm", half: 1, name: "wnorm", text: (_, i) => (20 + i * 0.05).toFixed(2) },
  { id: "momentum", half: 1, name: "momentum", text: () => "0.9" },
  { id: "mfu", half: 1, name: "mfu", text: (r) => `${some(r, 38, 41)}%` },
];
