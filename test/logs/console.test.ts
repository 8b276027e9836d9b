/** Console output of the programs people run: lines as those programs print them, expectations written out. */
import { expect, test } from "vitest";
import { curves, noteIds, read } from "./helpers.ts";

type Expected = Record<string, [number, number][]>;

const cases: [name: string, lines: string[], expected: Expected][] = [
  [
    "nanoGPT",
    [
      "number of parameters: 10.65M",
      "step 0: train loss 4.2874, val loss 4.2823",
      "iter 0: loss 4.2664, time 34.12ms, mfu -100.00%",
      "iter 10: loss 3.2, time 34.12ms, mfu 7.40%",
    ],
    {
      "loss:loss": [
        [0, 4.2664],
        [10, 3.2],
      ],
      "loss:train loss": [[0, 4.2874]],
      "validation:val loss": [[0, 4.2823]],
    },
  ],
  [
    "llm.c's file",
    ["s:0 tel:11.0", "s:0 trl:11.0091 lr:0.000001 norm:15.37", "s:1 trl:10.5 lr:0.000002 norm:nan"],
    {
      "loss:trl": [
        [0, 11.0091],
        [1, 10.5],
      ],
      "lr:lr": [
        [0, 1e-6],
        [1, 2e-6],
      ],
      "gradNorm:norm": [
        [0, 15.37],
        [1, Number.NaN],
      ],
      "validation:tel": [[0, 11]],
    },
  ],
  [
    "llm.c's console",
    [
      "step    1/19560 | loss 11.009 (+nanz)| norm 15.3 (+nanz)| lr 8.57e-07 | 900.5 ms | 55.3% bf16 MFU | 582250 tok/s",
      "step    2/19560 | loss 10.9 (-0.21z)| norm 14 (+1.2z)| lr 1.7e-06 | 900.5 ms | 55.3% bf16 MFU | 582250 tok/s",
      "val loss 10.8",
    ],
    {
      "loss:loss": [
        [1, 11.009],
        [2, 10.9],
      ],
      "gradNorm:norm": [
        [1, 15.3],
        [2, 14],
      ],
      "lr:lr": [
        [1, 8.57e-7],
        [2, 1.7e-6],
      ],
      "validation:val loss": [[2, 10.8]],
    },
  ],
  [
    "modded-nanogpt after its own source",
    [
      "    learning_rate : float = 0.0036",
      "lr = 0.5 * x",
      "step:0/5100 val_loss:10.8258 train_time:0ms",
      "step:1/5100 train_loss:10.9 train_time:223ms step_avg:nanms",
      "step:2/5100 train_loss:10.1 train_time:300ms",
    ],
    {
      "loss:train_loss": [
        [1, 10.9],
        [2, 10.1],
      ],
      "validation:val_loss": [[0, 10.8258]],
    },
  ],
  [
    "PyTorch's word language model",
    [
      "| epoch   1 |   200/ 2983 batches | lr 20.00 | ms/batch 7.54 | loss  7.62 | ppl  2046.32",
      "| epoch   1 |   400/ 2983 batches | lr 20.00 | ms/batch 6.95 | loss  6.85 | ppl   945.93",
      "-----------------------------------------------------------------------------------------",
      "| end of epoch   1 | time: 45.21s | valid loss  5.79 | valid ppl   326.33",
      "| epoch   2 |   200/ 2983 batches | lr 20.00 | ms/batch 6.99 | loss  6.02 | ppl   413.19",
    ],
    {
      "loss:loss": [
        [200, 7.62],
        [400, 6.85],
        [3183, 6.02],
      ],
      "lr:lr": [
        [200, 20],
        [400, 20],
        [3183, 20],
      ],
      "validation:valid loss": [[400, 5.79]],
    },
  ],
  [
    "PyTorch's ImageNet example",
    [
      "Epoch: [0][  1/391]\tTime  0.50 ( 0.60)\tData  0.1 ( 0.1)\tLoss 6.9e+00 (7.1e+00)\tAcc@1   0.50 (  0.25)",
      "Epoch: [0][ 11/391]\tTime  0.50 ( 0.60)\tData  0.1 ( 0.1)\tLoss 6.5e+00 (7.0e+00)\tAcc@1   1.50 (  0.75)",
      "Test: [ 1/79]\tTime  0.5 ( 0.5)\tLoss 6.0 (6.25)\tAcc@1 2.0 (3.0)",
      "Epoch: [1][  1/391]\tTime  0.50 ( 0.60)\tData  0.1 ( 0.1)\tLoss 6.0e+00 (6.0e+00)\tAcc@1   2.50 (  2.25)",
    ],
    {
      "loss:Loss": [
        [1, 6.9],
        [11, 6.5],
        [392, 6],
      ],
      "accuracy:Acc@1": [
        [1, 0.5],
        [11, 1.5],
        [392, 2.5],
      ],
      "validation:valid Loss": [[11, 6.25]],
    },
  ],
  [
    "PyTorch's MNIST example",
    [
      "Train Epoch: 1 [0/60000 (0%)]\tLoss: 2.305",
      "Train Epoch: 1 [640/60000 (1%)]\tLoss: 1.359",
      "",
      "Test set: Average loss: 0.0513, Accuracy: 9834/10000 (98%)",
      "Train Epoch: 2 [0/60000 (0%)]\tLoss: 0.5",
    ],
    {
      "loss:Loss": [
        [0, 2.305],
        [640, 1.359],
        [60000, 0.5],
      ],
      "validation:valid Average loss": [[640, 0.0513]],
      "validationAccuracy:valid Accuracy": [[640, 0.9834]],
    },
  ],
  [
    "the CIFAR tutorial",
    ["[1,  2000] loss: 2.220", "[1,  4000] loss: 1.890", "[2,  2000] loss: 1.5"],
    {
      "loss:loss": [
        [2000, 2.22],
        [4000, 1.89],
        [6000, 1.5],
      ],
    },
  ],
  [
    "Python logging, epochs",
    [
      "2023-05-15 22:50:17,398 INFO:Epoch 1: Train Loss=0.0717, Val Loss=0.0766",
      "2023-05-15 22:51:17,398 INFO:Epoch 2: Train Loss=0.0617, Val Loss=0.0666",
    ],
    {
      "loss:Train Loss": [
        [1, 0.0717],
        [2, 0.0617],
      ],
      "validation:Val Loss": [
        [1, 0.0766],
        [2, 0.0666],
      ],
    },
  ],
  [
    "fairseq",
    [
      "2021-01-01 10:00:00 | INFO | train_inner | epoch 001:    100 / 1000 loss=9.1, nll_loss=8.9, ppl=480.1, lr=1e-05, gnorm=2.3, clip=100, loss_scale=16",
      "2021-01-01 10:00:09 | INFO | train_inner | epoch 001:    200 / 1000 loss=8.1, nll_loss=7.9, ppl=280.1, lr=2e-05, gnorm=2.1, clip=50, loss_scale=8",
      "2021-01-01 10:00:09 | INFO | valid | epoch 001 | valid on 'valid' subset | loss 8.5 | nll_loss 8.2 | num_updates 200",
    ],
    {
      "loss:loss": [
        [100, 9.1],
        [200, 8.1],
      ],
      "lr:lr": [
        [100, 1e-5],
        [200, 2e-5],
      ],
      "gradNorm:gnorm": [
        [100, 2.3],
        [200, 2.1],
      ],
      "clippedShare:clip": [
        [100, 100],
        [200, 50],
      ],
      "lossScale:loss_scale": [
        [100, 16],
        [200, 8],
      ],
      "validation:valid loss": [[200, 8.5]],
    },
  ],
  [
    "fairseq's JSON lines behind a prefix",
    [
      '2021-01-01 10:00:00 | INFO | train | {"epoch": 1, "train_loss": "9.1", "train_lr": "1e-05", "train_num_updates": "100"}',
      '2021-01-01 10:00:00 | INFO | valid | {"epoch": 1, "valid_loss": "8.5", "valid_num_updates": "100"}',
      '2021-01-01 11:00:00 | INFO | train | {"epoch": 2, "train_loss": "7.1", "train_lr": "2e-05", "train_num_updates": "200"}',
    ],
    {
      "loss:train_loss": [
        [100, 9.1],
        [200, 7.1],
      ],
      "lr:train_lr": [
        [100, 1e-5],
        [200, 2e-5],
      ],
      "validation:valid_loss": [[100, 8.5]],
    },
  ],
  [
    "DeepSpeed",
    [
      "[2023-03-01 10:00:00,123] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=0, lr=[1e-05, 1e-05], mom=[(0.9, 0.999)]",
      "steps: 10 loss: 1.75 iter time (s): 0.25 samples/sec: 40.1",
      "[2023-03-01 10:00:10,123] [INFO] [logging.py:96:log_dist] [Rank 0] step=20, skipped=1, lr=[2e-05, 2e-05], mom=[(0.9, 0.999)]",
      "steps: 20 loss: 1.5 iter time (s): 0.25 samples/sec: 40.1",
    ],
    {
      "loss:loss": [
        [10, 1.75],
        [20, 1.5],
      ],
      "lr:lr": [
        [10, 1e-5],
        [20, 2e-5],
      ],
      "skipped:skipped": [
        [10, 0],
        [20, 1],
      ],
    },
  ],
  [
    "a Lightning progress bar, redrawn",
    [
      "Epoch 0:  50%|█████     | 5/10 [00:01<00:01,  4.9it/s, loss=2.3, v_num=0]\rEpoch 0: 100%|██████████| 10/10 [00:02<00:00,  4.9it/s, loss=2.1, v_num=0]",
      "Epoch 1:  50%|█████     | 5/10 [00:01<00:01,  4.9it/s, loss=1.9, v_num=0]",
    ],
    {
      "loss:loss": [
        [5, 2.3],
        [10, 2.1],
        [15, 1.9],
      ],
    },
  ],
  [
    "Keras' bar",
    [
      "Epoch 1/2",
      "938/938 [==============================] - 3s 3ms/step - loss: 0.2576 - accuracy: 0.9254 - val_loss: 0.13 - val_accuracy: 0.96",
      "Epoch 2/2",
      "938/938 [==============================] - 3s 3ms/step - loss: 0.11 - accuracy: 0.9654 - val_loss: 0.1 - val_accuracy: 0.97",
    ],
    {
      "loss:loss": [
        [938, 0.2576],
        [1876, 0.11],
      ],
      "validation:val_loss": [
        [938, 0.13],
        [1876, 0.1],
      ],
      "accuracy:accuracy": [
        [938, 0.9254],
        [1876, 0.9654],
      ],
    },
  ],
  [
    "mmdetection",
    [
      "2021-05-01 12:00:00,000 - mmdet - INFO - Epoch [1][50/7330]\tlr: 1.978e-03, eta: 4 days, 10:22:12, time: 0.5, loss_cls: 1.1, loss: 1.5, grad_norm: 12.5",
      "2021-05-01 12:01:00,000 - mmdet - INFO - Epoch [1][100/7330]\tlr: 2e-03, eta: 4 days, 10:22:12, time: 0.5, loss_cls: 1.0, loss: 1.25, grad_norm: 11.5",
    ],
    {
      "loss:loss": [
        [50, 1.5],
        [100, 1.25],
      ],
      "lr:lr": [
        [50, 1.978e-3],
        [100, 2e-3],
      ],
      "gradNorm:grad_norm": [
        [50, 12.5],
        [100, 11.5],
      ],
    },
  ],
  [
    "bracketed epoch and step",
    [
      "Epoch [1/5], Step [100/600], Loss: 0.5",
      "Epoch [1/5], Step [600/600], Loss: 0.4",
      "Epoch [2/5], Step [100/600], Loss: 0.3",
    ],
    {
      "loss:Loss": [
        [100, 0.5],
        [600, 0.4],
        [700, 0.3],
      ],
    },
  ],
  [
    "colours and a rank prefix",
    ["\u001b[32m[default7]:\u001b[0m step 5 | loss: \u001b[1m2.5\u001b[0m", "[default7]: step 6 | loss: nan"],
    {
      "loss:loss": [
        [5, 2.5],
        [6, Number.NaN],
      ],
    },
  ],
];

test.each(cases)("%s", async (_, lines, expected) => {
  const logs = await read(lines.join("\n"));
  expect(logs).toHaveLength(1);
  expect(curves(logs[0])).toMatchObject(expected);
});

test("Megatron prints no loss for a NaN iteration: nothing is put in its place, and the log says so", async () => {
  const line = (i: number, loss: string, nan: number): string =>
    ` iteration ${i}/ 1000 | consumed samples: 100 | learning rate: 1.0E-04 | ${loss}loss scale: 16384.0 | grad norm: 0.5 | number of skipped iterations: 0 | number of nan iterations: ${nan} |`;
  const [log] = await read([line(1, "lm loss: 2.5E+00 | ", 0), line(2, "", 1), line(3, "", 1)].join("\n"));
  expect(curves(log)).toMatchObject({
    "loss:lm loss": [[1, 2.5]],
    "nanCount:number of nan iterations": [
      [1, 0],
      [2, 1],
      [3, 1],
    ],
    "lossScale:loss scale": [
      [1, 16384],
      [2, 16384],
      [3, 16384],
    ],
  });
  expect(noteIds(log)).toContain("missing-loss");
  expect(log!.meta).toMatchObject({ missingLossCount: 2, missingLossFrom: 2 });
});

test("old Mac, Windows and Unix line ends read the same", async () => {
  const text = "step 1 loss 2.5\nstep 2 loss 1.5\n";
  for (const end of ["\r\n", "\r"]) {
    const [log] = await read(text.replaceAll("\n", end));
    expect(curves(log)).toEqual({
      "loss:loss": [
        [1, 2.5],
        [2, 1.5],
      ],
    });
  }
});
