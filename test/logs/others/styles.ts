/**
 * Logs as known programs print them, written without knowledge of the text reader: a second
 * opinion beside `generated/`. The names say whose lines a style is like; the sentences and numbers are made here.
 */

import type { Course, Told } from "./told.ts";

type Line = (i: number, loss: string, course: Course) => string;

/** Every entry prints one line (or block) with its training loss. */
function each(digits: number, line: Line, before = ""): (c: Course) => Told {
  return (c) => {
    const loss = c.loss.map((x) => x.toFixed(digits));
    return { text: `${before}${loss.map((x, i) => line(i, x, c)).join("\n")}\n`, loss };
  };
}

/** Every entry prints a training and a validation loss. */
function pair(
  digits: number,
  line: (i: number, loss: string, val: string, c: Course) => string,
  before = "",
): (c: Course) => Told {
  return (c) => {
    const loss = c.loss.map((x) => x.toFixed(digits));
    const val = c.val.map((x) => x.toFixed(digits));
    return { text: `${before}${loss.map((x, i) => line(i, x, val[i]!, c)).join("\n")}\n`, loss, val };
  };
}

const two = (n: number): string => String(n).padStart(2, "0");
const clock = (i: number): string => `2024-03-0${1 + (i % 8)} 11:${two(i % 60)}:${two((i * 7) % 60)}`;

export const STYLES: Readonly<Record<string, (c: Course) => Told>> = {
  caffe: each(6, (i, l, c) =>
    [
      `I0312 09:${two(i % 60)}:11.204711  4121 solver.cpp:218] Iteration ${i * 20} (9.1 iter/s, 2.2s/20 iters), loss = ${l}`,
      `I0312 09:${two(i % 60)}:11.204790  4121 sgd_solver.cpp:105] Iteration ${i * 20}, lr = ${c.lr[i]}`,
    ].join("\n"),
  ),
  mxnet: pair(
    6,
    (i, l, v) =>
      `INFO:root:Epoch[${i}] Train-cross-entropy=${l}\nINFO:root:Epoch[${i}] Time cost=4.${two(i)}\nINFO:root:Epoch[${i}] Validation-cross-entropy=${v}`,
  ),
  fairseq: each(
    3,
    (i, l, c) =>
      `${clock(i)} | INFO | train_inner | epoch 001: ${i * 100} / 4021 loss=${l}, wps=31042.7, ups=4.21, wpb=7371, bsz=212, num_updates=${i * 100}, lr=${c.lr[i]}, gnorm=${c.norm[i]}, train_wall=24, wall=${30 + i * 24}`,
  ),
  marian: each(
    8,
    (i, l, c) =>
      `[${clock(i)}] Ep. 1 : Up. ${(i + 1) * 500} : Sen. ${(i + 1) * 32_100} : Cost ${l} : Time 61.20s : 9011.33 words/s : L.r. ${c.lr[i]}`,
  ),
  espnet: pair(
    3,
    (i, l, v) =>
      `[box] ${clock(i)},120 (trainer:338) INFO: ${i + 1}epoch results: [train] iter_time=0.01, forward_time=0.2, loss=${l}, optim0_lr0=1.0e-04, train_time=0.9, [valid] loss=${v}, total_count=120`,
  ),
  kaldi: pair(
    4,
    (i, l, v) =>
      `ITERATION ${two(i + 1)}: TRAIN AVG.LOSS ${l}, (lrate0.008), CROSSVAL AVG.LOSS ${v}, nnet accepted`,
  ),
  keras: pair(
    4,
    (i, l, v, c) =>
      `Epoch ${i + 1}/${c.loss.length}\n118/118 [==============================] - 2s 14ms/step - loss: ${l} - accuracy: ${c.acc[i]} - val_loss: ${v} - val_accuracy: ${c.acc[i]}`,
  ),
  nanogpt: each(4, (i, l) => `iter ${i * 10}: loss ${l}, time 132.${two(i)}ms, mfu 31.20%`),
  "llm.c": each(
    6,
    (i, l, c) =>
      `step ${i + 1}/${c.loss.length} | loss ${l} (+0.12z)| norm ${c.norm[i]} (-0.20z)| lr ${c.lr[i]} | 210.11 ms | 48.1% bf16 MFU | 2490112 tok/s`,
  ),
  megatron: each(
    6,
    (i, l, c) =>
      ` iteration ${i + 1}/ 5000 | consumed samples: ${(i + 1) * 512} | elapsed time per iteration (ms): 1201.4 | learning rate: ${c.lr[i]} | global batch size: 512 | lm loss: ${l} | loss scale: 65536.0 | grad norm: ${c.norm[i]} | number of skipped iterations: 0 | number of nan iterations: 0 |`,
  ),
  "hugging-face": each(
    4,
    (i, l, c) =>
      `{'loss': ${l}, 'grad_norm': ${c.norm[i]}, 'learning_rate': ${c.lr[i]}, 'epoch': ${(i * 0.05).toFixed(2)}}`,
  ),
  detectron: each(
    4,
    (i, l, c) =>
      `[03/12 10:${two(i % 60)}:02 d2.utils.events]:  eta: 0:41:11  iter: ${i * 20 + 19}  total_loss: ${l}  time: 0.2511  data_time: 0.0041  lr: ${c.lr[i]}  max_mem: 5120M`,
  ),
  mmengine: each(
    4,
    (i, l, c) =>
      `${clock(i).replaceAll("-", "/")} - mmengine - INFO - Iter(train) [${(i + 1) * 50}/20000]  lr: ${c.lr[i]}  eta: 1:20:11  time: 0.41  data_time: 0.01  memory: 4120  loss: ${l}`,
  ),
  fastai: pair(
    6,
    (i, l, v, c) => `${String(i).padEnd(10)}${l}    ${v}    ${c.acc[i]}    00:${two(10 + (i % 40))}`,
    "epoch     train_loss  valid_loss  accuracy  time\n",
  ),
  opennmt: each(
    2,
    (i, l, c) =>
      `[${clock(i)},004 INFO] Step ${(i + 1) * 50}/100000; acc: ${c.acc[i]}; ppl: ${Math.exp(Number(l)).toFixed(2)}; xent: ${l}; lr: ${c.lr[i]}; 5011/6120 tok/s; ${9 + i * 9} sec`,
  ),
  dl4j: each(
    12,
    (i, l) =>
      `10:${two(i % 60)}:12.311 [main] INFO o.d.o.l.ScoreIterationListener - Score at iteration ${i * 10} is ${l}`,
  ),
  paddle: each(
    5,
    (i, l, c) =>
      `[${clock(i)}] [    INFO] - global step ${i + 1}, epoch: 1, batch: ${i + 1}, loss: ${l}, lr: ${c.lr[i]}, speed: 4.02 step/s`,
  ),
  "sklearn-mlp": each(8, (i, l) => `Iteration ${i + 1}, loss = ${l}`),
  flux: each(5, (i, l) => `[ Info: epoch ${i + 1}  train_loss = ${l}`),
  matlab: each(
    4,
    (i, l, c) =>
      `|  ${String(i + 1).padStart(5)} | ${String((i + 1) * 50).padStart(9)} |   00:00:${two(i % 60)}   |  ${(Number(c.acc[i]) * 100).toFixed(2)}% | ${l} | 0.0100 |`,
    "|========================================================================|\n|  Epoch  |  Iteration  |  Time Elapsed  |  Mini-batch  |  Mini-batch  |  Base Learning  |\n|         |             |   (hh:mm:ss)   |   Accuracy   |     Loss     |      Rate       |\n|========================================================================|\n",
  ),
  "tfjs-worker": pair(5, (i, l, v) => `epoch ${i}  { val_loss: ${v}, loss: ${l} }`),
  "go-program": each(
    6,
    (i, l) => `${clock(i).replaceAll("-", "/")} training: epoch=${i + 1} cost=${l} elapsed=1.2s`,
  ),
  "burn-like": each(
    3,
    (i, l, c) =>
      `[Train - Epoch 1 - Iteration ${i + 1}] Loss ${l} | Accuracy ${(Number(c.acc[i]) * 100).toFixed(3)} %`,
  ),
  "candle-like": pair(
    5,
    (i, l, v, c) =>
      `${String(i + 1).padStart(4)} train loss: ${l} test loss: ${v} test acc: ${(Number(c.acc[i]) * 100).toFixed(2)}%`,
  ),
  chinese: pair(4, (i, l, v, c) => `第${i + 1}轮，训练损失：${l}，验证损失：${v}，准确率：${c.acc[i]}`),
  japanese: pair(4, (i, l, v) => `エポック ${i + 1}: 学習損失 ${l} 検証損失 ${v}`),
  german: pair(4, (i, l, v) => `Epoche ${i + 1}: Trainingsverlust ${l}, Validierungsverlust ${v}`),
  french: pair(4, (i, l, v) => `Époque ${i + 1} : perte d'entraînement = ${l} ; perte de validation = ${v}`),
  spanish: pair(
    4,
    (i, l, v) => `Época ${i + 1} - pérdida de entrenamiento: ${l} - pérdida de validación: ${v}`,
  ),
  russian: pair(4, (i, l, v) => `Эпоха ${i + 1}: потери на обучении ${l}, потери на валидации ${v}`),
  xgboost: pair(5, (i, l, v) => `[${i}]\ttrain-logloss:${l}\teval-logloss:${v}`),
  student: each(4, (i, l) => `after ${(i + 1) * 100} batches my loss is ${l} (running)`),
};
