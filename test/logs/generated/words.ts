/** Names and spellings that generated logs are put together from; each entry is one element of style. */
export interface Language {
  readonly id: string;
  readonly loss: readonly string[];
  readonly validation: readonly string[];
  readonly lr: readonly string[];
  readonly epoch: readonly string[];
  readonly step: readonly string[];
}

export const LANGUAGES: readonly Language[] = [
  {
    id: "en",
    loss: [
      "loss",
      "Loss",
      "train_loss",
      "train/loss",
      "Training loss",
      "lm loss",
      "total_loss",
      "nll",
      "cost",
      "xent",
      "mse",
      "avg loss",
      "running_loss",
    ],
    validation: [
      "val_loss",
      "val loss",
      "Validation loss",
      "valid_loss",
      "eval/loss",
      "dev loss",
      "test loss",
    ],
    lr: ["lr", "learning rate", "learning_rate", "LR"],
    epoch: ["epoch", "Epoch", "ep", "EPOCH"],
    step: ["step", "Step", "iter", "iteration", "global_step", "it", "update", "batch"],
  },
  {
    id: "de",
    loss: ["Verlust", "Trainingsverlust"],
    validation: ["Validierungsverlust"],
    lr: ["Lernrate"],
    epoch: ["Epoche"],
    step: ["Schritt"],
  },
  {
    id: "fr",
    loss: ["perte"],
    validation: ["perte de validation"],
    lr: ["taux d'apprentissage"],
    epoch: ["époque"],
    step: ["étape"],
  },
  {
    id: "es",
    loss: ["pérdida"],
    validation: ["pérdida de validación"],
    lr: ["tasa de aprendizaje"],
    epoch: ["época"],
    step: ["paso"],
  },
  {
    id: "pt",
    loss: ["perda"],
    validation: ["perda de validação"],
    lr: ["taxa de aprendizado"],
    epoch: ["época"],
    step: ["passo"],
  },
  {
    id: "zh",
    loss: ["损失", "训练损失"],
    validation: ["验证损失"],
    lr: ["学习率"],
    epoch: ["轮次"],
    step: ["步数"],
  },
  {
    id: "ja",
    loss: ["損失", "訓練損失"],
    validation: ["検証損失"],
    lr: ["学習率"],
    epoch: ["エポック"],
    step: ["ステップ"],
  },
  {
    id: "ru",
    loss: ["потери", "лосс"],
    validation: ["потери на валидации"],
    lr: ["скорость обучения"],
    epoch: ["эпоха"],
    step: ["шаг"],
  },
];

/** Between a name and its number. */
export const ASSIGN: readonly string[] = [": ", "=", " = ", " ", ":", " : ", "："];
/** Between two fields. */
export const DELIMITERS: readonly string[] = [", ", " | ", "  ", "\t", "; ", " - ", " || ", "，"];

/** A number as printed, and the value that is printed. */
export const SPELLINGS: Readonly<Record<string, (value: number) => { text: string; value: number }>> = {
  fixed4: (v) => exact(v.toFixed(4)),
  fixed6: (v) => exact(v.toFixed(6)),
  full: (v) => exact(String(v)),
  exponent: (v) => exact(v.toExponential(3)),
  capital: (v) => exact(v.toExponential(4).replace("e", "E")),
  padded: (v) => ({ text: v.toFixed(3).padStart(9), value: Number(v.toFixed(3)) }),
  tensor: (v) => ({ text: `tensor(${v.toFixed(4)}, device='cuda:0')`, value: Number(v.toFixed(4)) }),
  tensorGrad: (v) => ({
    text: `tensor(${v.toFixed(4)}, grad_fn=<NllLossBackward>)`,
    value: Number(v.toFixed(4)),
  }),
  numpy: (v) => ({ text: `np.float32(${v.toFixed(5)})`, value: Number(v.toFixed(5)) }),
  bracket: (v) => ({ text: `[${v.toFixed(4)}]`, value: Number(v.toFixed(4)) }),
  quoted: (v) => ({ text: `"${v.toFixed(4)}"`, value: Number(v.toFixed(4)) }),
  comma: (v) => ({ text: v.toFixed(4).replace(".", ","), value: Number(v.toFixed(4)) }),
};

function exact(text: string): { text: string; value: number } {
  return { text, value: Number(text) };
}

export const NANS: readonly string[] = ["nan", "NaN", "NAN", "nanxxx", "-nan", "-1.#IND", "1.#QNAN"];

/** Before each line: time stamps, levels, ranks. `i` counts lines. */
export const PREFIXES: Readonly<Record<string, (i: number) => string>> = {
  none: () => "",
  iso: (i) => `2024-03-05 ${clock(i)},123 `,
  isoLevel: (i) => `2024-03-05 ${clock(i)},123 - trainer - INFO - `,
  isoT: (i) => `2024-03-05T${clock(i)}.123Z `,
  monthDay: (i) => `[03/05 ${clock(i)}] `,
  glog: (i) => `I0305 ${clock(i)}.123456 12345 solver.cpp:218] `,
  level: () => "INFO:app:",
  bracketLevel: () => "[INFO] ",
  rank: () => "[rank0]: ",
  pipeLevel: (i) => `2024-03-05 ${clock(i)} | INFO | train.py:120 | `,
  clock: (i) => `[${clock(i)}] `,
  syslog: (i) => `Mar  5 ${clock(i)} node17 python[4711]: `,
};

export function clock(i: number): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(Math.floor(i / 3600) % 24)}:${two(Math.floor(i / 60) % 60)}:${two(i % 60)}`;
}

/** Lines between the data that say nothing about the course. */
export const NOISE: Readonly<Record<string, (i: number) => string>> = {
  warning: () =>
    "UserWarning: this overload of add_ is deprecated (Triggered internally at python_arg_parser.cpp:1420.)",
  checkpoint: (i) => `Saved checkpoint to /data/runs/exp7/ckpt_${i * 100}.pt`,
  memory: (i) => `GPU memory: ${(10 + (i % 7) * 0.1).toFixed(1)} GB allocated, 24 GB reserved`,
  loading: () => "Loading 50000 images from data/train (10 classes)",
  blank: () => "",
  rule: () => "----------------------------------------",
  parameters: (i) => `layer${i}.weight: 64x128, 8192 parameters`,
  eta: (i) => `ETA: ${i % 24}h ${i % 60}m`,
  sample: (i) => `sample: "the ${["cat", "dog", "sun"][i % 3]} is ${i % 90} years old"`,
  configuration: (i) => `seed: ${i % 5}`,
};
