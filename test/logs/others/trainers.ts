/** More styles of known trainers: language models, vision, speech, boosting, solvers. Written before any was read. */
import type { Course, Style, Told } from "./told.ts";

const f = (x: number, digits = 4): string => x.toFixed(digits);
const pad = (x: number | string, n: number): string => String(x).padStart(n);
const clock = (i: number): string =>
  `10:${String(10 + (i % 50)).padStart(2, "0")}:${String((i * 7) % 60).padStart(2, "0")}`;
const bar = (part: number): string =>
  `${"█".repeat(Math.floor(part * 10))}${" ".repeat(10 - Math.floor(part * 10))}`;

type Row = (i: number, loss: string, c: Course) => string;

/** A line or block an entry; steps every `every`, from `from`. */
function steps(
  row: Row,
  { every = 10, from = 10, digits = 4, before = "", end = "\n", lr = true } = {},
): Style {
  return (c) => {
    const loss = c.loss.map((x) => f(x, digits));
    const told: Told = {
      text: `${before}${loss.map((l, i) => row(i, l, c)).join(end)}${end}`,
      loss,
      steps: loss.map((_, i) => from + i * every),
    };
    return lr && row.toString().includes("c.lr") ? { ...told, lr: c.lr.map(String) } : told;
  };
}

/** Training and validation, one of each an epoch. */
function epochs(
  row: (i: number, loss: string, val: string, c: Course) => string,
  before = "",
  digits = 4,
): Style {
  return (c) => {
    const loss = c.loss.map((x) => f(x, digits));
    const val = c.val.map((x) => f(x, digits));
    return {
      text: `${before}${loss.map((l, i) => row(i, l, val[i]!, c)).join("\n")}\n`,
      loss,
      val,
      steps: loss.map((_, i) => i + 1),
    };
  };
}

const boosting =
  (row: Row, before = ""): Style =>
  (c) => ({
    text: `${before}${c.loss.map((x, i) => row(i, f(x, 5), c)).join("\n")}\n`,
    objective: "boosting",
  });

export const TRAINERS: Readonly<Record<string, Style>> = {
  diffusers: (c) => {
    const loss = c.loss.map((x) => f(x));
    const total = loss.length;
    return {
      text: `${loss.map((l, i) => `Steps: ${pad(Math.floor((100 * (i + 1)) / total), 3)}%|${bar((i + 1) / total)}| ${i + 1}/${total} [00:31<03:41,  3.97it/s, lr=${c.lr[i]}, step_loss=${l}]`).join("\r")}\n`,
      loss,
      lr: c.lr.map(String),
      steps: loss.map((_, i) => i + 1),
    };
  },
  "torchtune-bar": steps(
    (i, l, c) =>
      `1|${i + 1}|Loss: ${l}: ${pad(i, 3)}%|${bar(0.3)}| ${i + 1}/${c.loss.length} [00:12<00:41,  3.97it/s]`,
    { every: 1, end: "\r" },
  ),
  flair: steps(
    (i, l, c) =>
      `2024-01-02 ${clock(i)},123 epoch 1 - iter ${(i + 1) * 10}/1000 - loss ${l} - time (sec): 1.${i} - samples/sec: 210.2 - lr: ${c.lr[i]} - momentum: 0.000000`,
  ),
  "nnunet-v1": epochs(
    (i, l, v, c) =>
      `2024-01-02 ${clock(i)}.123: \nepoch:  ${i}\n2024-01-02 ${clock(i)}.223: train loss : ${l}\n2024-01-02 ${clock(i)}.323: validation loss: ${v}\n2024-01-02 ${clock(i)}.423: lr: ${c.lr[i]}\n2024-01-02 ${clock(i)}.523: This epoch took 61.2 s\n`,
  ),
  "nnunet-v2": epochs(
    (i, l, v, c) =>
      `2024-01-02 ${clock(i)}: Epoch ${i}\n2024-01-02 ${clock(i)}: Current learning rate: ${c.lr[i]}\n2024-01-02 ${clock(i)}: train_loss ${l}\n2024-01-02 ${clock(i)}: val_loss ${v}\n2024-01-02 ${clock(i)}: Pseudo dice [0.51, 0.6${i}]\n2024-01-02 ${clock(i)}: Epoch time: 12.1 s`,
  ),
  paddleocr: steps(
    (i, l, c) =>
      `[2024/01/02 ${clock(i)}] ppocr INFO: epoch: [1/100], global_step: ${(i + 1) * 10}, lr: ${c.lr[i]}, acc: ${c.acc[i]}, norm_edit_dis: 0.31, loss: ${l}, avg_reader_cost: 0.01 s, avg_batch_cost: 0.31 s, ips: 120.1 samples/s, eta: 1:02:03`,
  ),
  neox: steps(
    (i, l, c) =>
      ` samples/sec: 12.3 | iteration ${pad((i + 1) * 10, 8)}/  320000 | elapsed time per iteration (ms): 1201.4 | learning rate: ${c.lr[i]} | approx flops per GPU: 41.2TFLOPS | lm_loss: ${l} | number of skipped iterations:   0 | number of nan iterations:   0 |`,
  ),
  "mlx-lm": steps(
    (i, l, c) =>
      `Iter ${(i + 1) * 10}: Train loss ${l}, Learning Rate ${c.lr[i]}, It/sec 0.5, Tokens/sec 210.2, Trained Tokens ${4201 * (i + 1)}, Peak mem 12.1 GB`,
  ),
  "llama.cpp": steps(
    (i, l) =>
      `train_opt_callback: iter=${pad((i + 1) * 10, 6)} sample=${i + 1}/100 sched=0.100000 loss=${l} dt=00:00:12 eta=00:10:11 |->`,
  ),
  tinygrad: steps(
    (i, l) =>
      `${pad(i, 3)} 120.${10 + i} ms run, 110.10 ms python,   10.01 ms CL,  ${l} loss, 0.001230 LR, 3.21 GB used,    210.${i} GFLOPS`,
    { every: 1, from: 0, lr: false },
  ),
  dfdx: steps((i, l) => `Epoch ${i + 1} in 2.${i}s (210.${i} batches/s): avg sample loss ${l}`, { every: 1 }),
  "julia-info": epochs((i, l, v) => `┌ Info: epoch ${i + 1}\n│   train_loss = ${l}\n└   test_loss = ${v}`),
  "r-keras": epochs(
    (i, l, v, c) =>
      `Epoch ${i + 1}/${c.loss.length}\n1875/1875 - 5s - loss: ${l} - accuracy: ${c.acc[i]} - val_loss: ${v} - val_accuracy: ${c.acc[i]} - 5s/epoch - 3ms/step`,
  ),
  "keras-3": epochs(
    (i, l, v, c) =>
      `Epoch ${i + 1}/${c.loss.length}\n\u001b[1m118/118\u001b[0m \u001b[32m━━━━━━━━━━━━━━━━━━━━\u001b[0m\u001b[37m\u001b[0m \u001b[1m2s\u001b[0m 14ms/step - accuracy: ${c.acc[i]} - loss: ${l} - val_accuracy: ${c.acc[i]} - val_loss: ${v}`,
  ),
  skorch: epochs(
    (i, l, v, c) =>
      `${pad(i + 1, 7)}        \u001b[36m${l}\u001b[0m       \u001b[32m${c.acc[i]}\u001b[0m        \u001b[35m${v}\u001b[0m  0.05${i % 10}`,
    "  epoch    train_loss    valid_acc    valid_loss     dur\n-------  ------------  -----------  ------------  ------\n",
  ),
  "sklearn-gbm": boosting(
    (i, l) => `${pad(i + 1, 10)} ${pad(l, 16)} ${pad("0.0721", 16)} ${pad(`${30 - (i % 30)}.12s`, 16)}`,
    "      Iter       Train Loss      OOB Improve   Remaining Time \n",
  ),
  lightgbm: boosting((i, l) => `[${i + 1}]\ttraining's l2: ${l}\tvalid_1's l2: ${l}1`),
  xgboost: boosting((i, l) => `[${i}]\tvalidation_0-rmse:${l}\tvalidation_1-rmse:${l}1`),
  catboost: boosting(
    (i, l) => `${i}:\tlearn: ${l}\ttest: ${l}1\tbest: ${l}1 (${i})\ttotal: ${61 + i}ms\tremaining: 1m ${i}s`,
  ),
  "sklearn-sgd": steps(
    (i, l) =>
      `-- Epoch ${i + 1}\nNorm: 1.${i}, NNZs: 20, Bias: 0.1${i}, T: ${150 * (i + 1)}, Avg. loss: ${l}\nTotal training time: 0.0${i} seconds.`,
    { every: 1 },
  ),
  "vowpal-wabbit": (c) => {
    const loss = c.loss.map((x) => f(x, 6));
    return {
      text: `average  since         example        example        current        current  current\nloss     last          counter         weight          label        predict features\n${loss.map((l, i) => `${l} ${f(c.val[i]!, 6)} ${pad(2 ** 4 * (i + 1), 12)} ${pad(`${16 * (i + 1)}.0`, 14)}         1.0000         0.0000       12`).join("\n")}\n`,
      loss,
      steps: loss.map((_, i) => 16 * (i + 1)),
    };
  },
  "mnist-example": (c) => {
    const loss = c.loss.map((x) => f(x, 6));
    const val: string[] = [];
    const lines = loss.map((l, i) => {
      const [epoch, b] = [Math.floor(i / 10), i % 10];
      const line = `Train Epoch: ${epoch + 1} [${b * 640}/6400 (${b * 10}%)]\tLoss: ${l}`;
      if (b < 9) return line;
      val.push(f(c.val[i]!));
      return `${line}\n\nTest set: Average loss: ${f(c.val[i]!)}, Accuracy: ${9000 + i}/10000 (90%)\n`;
    });
    return { text: `${lines.join("\n")}\n`, loss, val, steps: loss.map((_, i) => 640 * i) };
  },
  "imagenet-example": (c) => {
    const loss = c.loss.map((x) => x.toExponential(4));
    return {
      text: `${loss.map((l, i) => `Epoch: [${Math.floor(i / 10)}][${pad((i % 10) * 100, 4)}/1000]\tTime  0.31 ( 0.33)\tData  0.01 ( 0.02)\tLoss ${l} (${l})\tAcc@1 ${pad(f(100 * c.acc[i]!, 2), 6)} (${pad(f(100 * c.acc[i]!, 2), 6)})`).join("\n")}\n`,
      loss,
      steps: loss.map((_, i) => i * 100),
    };
  },
  timm: steps(
    (i, l, c) =>
      `Train: 0 [${pad(i * 50, 4)}/5000 (${pad(i, 3)}%)]  Loss: ${l} (${l})  Time: 0.312s,  800.12/s  (0.333s,  790.12/s)  LR: ${c.lr[i]}  Data: 0.010 (0.020)`,
    { every: 50, from: 0 },
  ),
  "detectron-colour": steps(
    (i, l, c) =>
      `\u001b[32m[01/02 ${clock(i)} d2.utils.events]: \u001b[0m eta: 0:41:11  iter: ${i * 20 + 19}  total_loss: ${l}  loss_cls: 0.31  loss_box_reg: 0.21  time: 0.2511  data_time: 0.0041  lr: ${c.lr[i]}  max_mem: 5120M`,
    { every: 20, from: 19 },
  ),
  "object-detection-api": steps(
    (i, l, c) =>
      `INFO:tensorflow:Step ${(i + 1) * 100} per-step time 0.31${i % 10}s\nI0102 ${clock(i)}.123456 140 model_lib_v2.py:707] Step ${(i + 1) * 100} per-step time 0.31${i % 10}s\nINFO:tensorflow:{'Loss/classification_loss': 0.31,\n 'Loss/localization_loss': 0.21,\n 'Loss/total_loss': ${l},\n 'learning_rate': ${c.lr[i]}}`,
    { every: 100 },
  ),
  trax: epochs(
    (i, l, v) =>
      `Step ${pad((i + 1) * 100, 6)}: Ran 100 train steps in 12.1 secs\nStep ${pad((i + 1) * 100, 6)}: train CrossEntropyLoss |  ${l}\nStep ${pad((i + 1) * 100, 6)}: eval  CrossEntropyLoss |  ${v}`,
  ),
  flax: steps(
    (i, l, c) =>
      `I0102 ${clock(i)}.123456 139712 logging_writer.py:48] [${(i + 1) * 100}] accuracy=${c.acc[i]}, loss=${l}, steps_per_second=3.2${i}`,
    { every: 100 },
  ),
  maxtext: steps(
    (i, l) =>
      `completed step: ${i}, seconds: 1.2${i}, TFLOP/s/device: 120.1, Tokens/s/device: 3210.5, total_weights: 65536, loss: ${l}`,
    { every: 1, from: 0 },
  ),
  "jax-array": steps((i, l) => `epoch ${i + 1} loss Array(${l}, dtype=float32)`, { every: 1 }),
  gluon: steps((i, l, c) => `[Epoch ${i + 1}] train=${c.acc[i]} val=${c.acc[i]} loss=${l} time: 3.2${i}`, {
    every: 1,
    lr: false,
  }),
  ignite: steps(
    (i, l) =>
      `2024-01-02 ${clock(i)},123 ignite.trainer INFO: Epoch[1] Iteration[${(i + 1) * 10}/938] Loss: ${l}`,
  ),
  catalyst: epochs(
    (i, l, v, c) =>
      `${i + 1}/50 * Epoch ${i + 1} (train): loss=${l} | accuracy01=${c.acc[i]}\n${i + 1}/50 * Epoch ${i + 1} (valid): loss=${v} | accuracy01=${c.acc[i]}`,
  ),
  composer: steps(
    (i, l) =>
      `[epoch=1][batch=${i + 1}/98]:\n\t Train time/epoch: 0\n\t Train time/batch: ${i}\n\t Train loss/train/total: ${l}\n\t Train throughput/samples_per_sec: 210.${i}`,
    { every: 1 },
  ),
  speechbrain: epochs(
    (i, l, v, c) =>
      `epoch: ${i + 1}, lr: ${c.lr[i]} - train loss: ${l} - valid loss: ${v}, valid PER: 31.${i}`,
  ),
  tacotron: steps((i, l, c) => `Train loss ${i} ${l} Grad Norm ${c.norm[i]} 0.31s/it`, { every: 1, from: 0 }),
  wavernn: steps((i, l) => `| Epoch: 1/20 (${i + 1}/120) | Loss: ${l} | 1.2 steps/s | Step: ${i}k | `, {
    every: 1,
  }),
  deepspeech: epochs(
    (i, l, v) =>
      `Epoch ${i} |   Training | Elapsed Time: 0:00:12 | Steps: 10 | Loss: ${l}\nEpoch ${i} | Validation | Elapsed Time: 0:00:02 | Steps: 4 | Loss: ${v} | Dataset: dev.csv`,
  ),
  wenet: steps(
    (i, l, c) =>
      [0, 1]
        .map(
          (r) =>
            `2024-01-02 ${clock(i)},123 DEBUG TRAIN Batch 0/${i * 100} loss ${l} loss_att 90.12 loss_ctc 200.31 lr ${c.lr[i]} rank ${r}`,
        )
        .join("\n"),
    { every: 100, from: 0 },
  ),
  "lbfgs-fortran": (c) => {
    const loss = c.loss.map((x) =>
      x
        .toExponential(5)
        .replace("e", "D")
        .replace(/D([+-])(\d)$/, "D$10$2"),
    );
    return {
      text: `RUNNING THE L-BFGS-B CODE\n\n           * * *\n${loss.map((l, i) => `\nAt iterate${pad(i, 5)}    f=  ${l}    |proj g|=  1.${10 + i}000D-01`).join("\n")}\n`,
      loss: c.loss.map((x) => String(Number(x.toExponential(5)))),
      steps: loss.map((_, i) => i),
    };
  },
  ceres: (c) => {
    const loss = c.loss.map((x) => x.toExponential(6));
    return {
      text: `iter      cost      cost_change  |gradient|   |step|    tr_ratio  tr_radius  ls_iter  iter_time  total_time\n${loss.map((l, i) => `${pad(i, 4)}  ${l}    0.00e+00    1.09e+0${i % 9}   0.00e+00   0.00e+00  1.00e+04        0    3.20e-03    5.40e-02`).join("\n")}\n`,
      loss,
      steps: loss.map((_, i) => i),
    };
  },
  "spark-iterations": steps(
    (i, l) => `24/01/02 ${clock(i)} INFO LogisticRegression: Iteration ${i} loss ${l}`,
    { every: 1, from: 0 },
  ),
  "unsloth-table": steps((i, l) => `${(i + 1) * 10}\t${l}`, { before: "Step\tTraining Loss\n" }),
};
