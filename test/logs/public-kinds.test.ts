/** More kinds of logs that public ones brought to light, in made-up lines of our own: what belongs to an evaluation, and what is no clock. */
import { expect, test } from "vitest";
import type { RunLog } from "../../src/logs/index.ts";
import { seriesOf } from "../../src/logs/index.ts";
import type { Role } from "../../src/run/log.ts";
import { read } from "./helpers.ts";

const fall = (i: number, from = 3, to = 0.4): string =>
  (to + (from - to) * Math.exp(-i / 8) + 0.02 * Math.cos(5 * i)).toFixed(5);
const lines = (n: number, line: (i: number) => string): string =>
  `${Array.from({ length: n }, (_, i) => line(i)).join("\n")}\n`;
const values = (log: RunLog | undefined, role: Role): number[] => [
  ...((log && seriesOf(log, role)?.values) ?? []),
];
const falls = (n: number): number[] => Array.from({ length: n }, (_, i) => Number(fall(i)));

test("a batch whose rounded loss equals an earlier one of its epoch is a point of its own; an echo of another rank is not", async () => {
  const rounded = (i: number): string => (0.001 + 0.0001 * (i % 3)).toFixed(4);
  const [log] = await read(
    lines(
      60,
      (i) =>
        `2025-03-02 05:16:${10 + (i % 50)},348 - Epoch ${1 + Math.floor(i / 20)} - Batch loss: ${rounded(i)}`,
    ),
  );
  expect(values(log, "loss")).toHaveLength(60);
  const [ranks] = await read(
    lines(120, (i) => `Epoch ${1 + Math.floor(i / 40)} - Batch loss: ${fall(Math.floor(i / 2))}`),
  );
  expect(values(ranks, "loss")).toEqual(falls(60));
});

test("the seconds that an epoch took name no epoch", async () => {
  const [log, more] = await read(
    lines(
      40,
      (i) => `Epoch ${1 + Math.floor(i / 10)} Loss ${fall(i)}\nTime taken for 1 epoch: ${29.04 + i} secs`,
    ),
  );
  expect(more).toBeUndefined();
  expect(values(log, "loss")).toEqual(falls(40));
});

test("dates without separators and clocks of twelve hours are no numbers", async () => {
  const [dated] = await read(
    lines(
      20,
      (i) =>
        `20200204-19:54:${10 + i} Train Epoch: ${i + 1}/20 ...\n20200204-20:09:${10 + i}     total_loss: ${fall(i)} time: 15m 1s`,
    ),
  );
  expect(dated!.stepUnit).toBe("epoch");
  expect([...seriesOf(dated!, "loss")!.steps].slice(0, 3)).toEqual([1, 2, 3]);
  const [halves] = await read(
    lines(
      20,
      (i) =>
        `Epoch ${i} @ ${String(1 + (i % 12)).padStart(2, "0")}:27 ${i % 2 ? "AM" : "PM"} : ${fall(i)} C.E. Loss, ${80 + i}.25% Accuracy`,
    ),
  );
  expect(values(halves, "loss")).toEqual(falls(20));
});

test("how many examples there are opens no evaluation, and the next epoch's header ends one", async () => {
  const [counted] = await read(
    `522 examples for train\n20 examples for eval\nEpoch=7, lr=0.1\n522 examples for train\n20 examples for eval\n${lines(20, (i) => `Iter ${i} loss ${fall(i)}`)}`,
  );
  expect(values(counted, "loss")).toHaveLength(20);
  const [headed] = await read(
    lines(20, (i) => `Epoch ${i}\nLoss: ${fall(2 * i)}\nLoss: ${fall(2 * i + 1)}\nEvaluating...`),
  );
  expect(values(headed, "loss")).toEqual(falls(40));
  expect(values(headed, "validation")).toEqual([]);
});

test("a training line at the step of an evaluation stays with the training", async () => {
  const [log] = await read(
    lines(
      30,
      (i) =>
        `${i % 6 === 0 ? `Iteration ${40 * i}, Testing net (#0)\n    Test net output #0: top-1 = 0.${13 + i}\n    Test net output #1: loss3 = ${fall(i, 4)}\n` : ""}Iteration ${40 * i}, loss = ${fall(i)}`,
    ),
  );
  expect(values(log, "loss")).toEqual(falls(30));
  expect(values(log, "validation")).toHaveLength(5);
});

test("a loss behind a test accuracy is the test's, where training lines stand beside it", async () => {
  const [log] = await read(
    lines(
      20,
      (i) =>
        `\tepoch ${i + 1}: train acc: ${50 + i}.5%, loss: ${fall(i)}${i % 5 === 4 ? `\nThe result of Net with Adam is test acc: ${40 + i}.25%, loss: ${fall(i, 4)}` : ""}`,
    ),
  );
  expect(values(log, "loss")).toEqual(falls(20));
  expect(values(log, "validation")).toHaveLength(4);
});

test("all batches of one evaluation at the end are its result, not a run", async () => {
  const train = lines(
    10,
    (e) =>
      `Epoch[${e + 1}/10], Step[0000/0196], Avg Loss: ${fall(2 * e)}\nEpoch[${e + 1}/10], Step[0100/0196], Avg Loss: ${fall(2 * e + 1)}`,
  );
  const evaluation = lines(16, (i) => `Val Step[${i * 200}/3125], Avg Loss: ${fall(i, 2, 1.4)}`);
  const logs = await read(train + evaluation);
  expect(logs).toHaveLength(1);
  expect(values(logs[0], "loss")).toEqual(falls(20));
  expect(values(logs[0], "validation")).toEqual([Number(fall(15, 2, 1.4))]);
});

test("names and numbers in turn with commas between are pairs", async () => {
  const [log] = await read(
    lines(
      20,
      (i) => `train: exams, ${62 + (i % 7)} (108.54 seqs/min), total loss, ${fall(i)},curr acc, 0.${40 + i}`,
    ),
  );
  expect(values(log, "loss")).toEqual(falls(20));
});

test("whole numbers above the data are settings", async () => {
  const tree = lines(6, (i) => `|-   |- iter\t${250_000 - 50_000 * i}\n|-   |- val\t${1 + (i % 2)}`);
  const logs = await read(tree + lines(100, (i) => `ITER ${500 * i} TRAINING. loss: ${fall(i)}`));
  expect(logs).toHaveLength(1);
  expect(values(logs[0], "validation")).toEqual([]);
});

test("the header of bars is found above another bar, and where other lines first came between", async () => {
  const header = "      Epoch   gpu_mem       box       obj       cls     total    labels  img_size";
  const [between, other] = [" 4.2s", "Plotting labels... 3 of 4"];
  const text = lines(12, (e) => {
    let sum = 0;
    const bars = Array.from({ length: 20 }, (_, b) => {
      sum += 0.4 + 2 * Math.exp(-e / 3) + 0.3 * Math.sin(7.3 * b + 3 * e);
      const row = `      ${e}/11     3.01G   0.01187  0.005397         0   ${(sum / (b + 1)).toFixed(5)}        31       640: `;
      return `${row} ${5 * b}%|###   | ${b}/20 [00:0${b % 9}<00:12,  1.5${b % 9}it/s]`;
    });
    return `${header}\n${e === 0 ? `${other}\n${between}\n` : ""}  0%|          | 0/20 [00:00<?, ?it/s]\n${bars.join("\n")}`;
  });
  const [log] = await read(text);
  expect(seriesOf(log!, "loss")!.name).toBe("total (epoch)");
  expect(values(log, "loss")).toHaveLength(12);
});

test("a run that ended in its first epoch and the next one are two", async () => {
  const epoch = (e: number, i: number): string =>
    `INFO - Epoch ${e}/20, Train Loss: ${fall(i)}\nINFO - Epoch ${e}/20, Validation Loss: ${fall(i, 4)}\n`;
  const long = lines(20, (i) => epoch(i + 1, i).trim());
  const logs = await read(long + epoch(1, 3) + epoch(1, 4) + epoch(2, 5) + long);
  expect(logs.map((log) => values(log, "loss").length)).toEqual([20, 1, 2, 20]);
});

test("two line forms that number the same steps from 0 and from 1 are one run", async () => {
  const logs = await read(
    lines(20, (i) => `[Rank 0] step=${i + 1}, skipped=0, lr=[1e-05]\n[Step ${i}/100] Loss: ${fall(i)}`),
  );
  expect(logs).toHaveLength(1);
  expect(values(logs[0], "loss")).toEqual(falls(20));
});

test("a share of the GPU is no rank, and a batch size no step", async () => {
  const [log] = await read(
    lines(
      30,
      (i) =>
        `[${String(500 * i).padStart(6, "0")}/15000] ${["VIMEO", "WMS"][i % 2]} | loss ${fall(i)} | GPU ${90 + (i % 9)}% | 3.1${i % 9} it/s | batch 16`,
    ),
  );
  expect(values(log, "loss")).toEqual(falls(30));
  expect(seriesOf(log!, "loss")!.steps[29]).toBe(14_500);
});

test("numbers in a long text are no measurements, and how many losses there are is none", async () => {
  const story = lines(120, (i) => `Step ${1 + (i % 4)}: he walks on.\nThen he rests for a while.`);
  await expect(read(`${story}In all it lost pounds (loss) = 2.5 on the way\n${story}`)).rejects.toThrow(
    "no training metrics",
  );
  const [log] = await read(
    lines(20, (i) => `iter ${i}: hard_loss=${fall(i)}, full_loss=${fall(i, 2)}, full_loss_num=${9000 - i}.0`),
  );
  expect(seriesOf(log!, "loss")!.name).toBe("sum of 2 parts");
});

test("an evaluation that prints the training's own line with another N is none of its steps", async () => {
  const epoch = (e: number): string =>
    `Epoch ${e + 1}/3\n${lines(20, (i) => `step ${10 * (i + 1)}/200 - loss: ${fall(20 * e + i)}`)}Eval begin...\n${lines(4, (i) => `step ${10 * (i + 1)}/40 - loss: ${fall(20 * e + i, 4)}`)}Eval samples: 400`;
  const [log, more] = await read([0, 1, 2].map(epoch).join("\n"));
  expect(more).toBeUndefined();
  expect(values(log, "loss")).toEqual(falls(60));
  expect(values(log, "validation")).toEqual([3, 23, 43].map((i) => Number(fall(i, 4))));
});

test("a header above other lines names the table wherever it stands above one of its rows", async () => {
  const stamp = (i: number): string => `2021-01-25 05:5${i % 10}:00 [INFO]: `;
  const head = "   Epoch   Batch     box    total    nTargets";
  const rows = lines(
    30,
    (i) =>
      `${i % 5 === 0 ? `${stamp(i)}${head}\n${i === 0 ? "UserWarning: gather\nUserWarning: gather\nstart\nend\n" : ""}` : ""}${stamp(i)}    ${Math.floor(i / 5)}/5     ${40 * (i % 5)}/165    ${fall(i, 1)}    ${fall(i, 150)}    ${80 + (i % 3)}`,
  );
  const [log] = await read(rows);
  expect(seriesOf(log!, "loss")!.name).toBe("total");
  expect(values(log, "loss")).toEqual(Array.from({ length: 30 }, (_, i) => Number(fall(i, 150))));
});

test("lines as Python 2 prints them", async () => {
  const [log] = await read(
    lines(10, (i) => `('Epoch : ', ${i}, ' batch : ', 436)\n('Losses', {u'ner': ${fall(i)}})`),
  );
  expect(values(log, "loss")).toEqual(falls(10));
  const [tuples] = await read(lines(10, (i) => `('epoch', ${i}, 'loss', ${fall(i)})`));
  expect(values(tuples, "loss")).toEqual(falls(10));
  expect(tuples!.stepUnit).toBe("epoch");
});

test("terms of several heads are a part of the loss, also where an epoch's end names each again", async () => {
  const heads = ["M0_BboxLoss", "M0_PointLoss", "M1_BboxLoss"];
  const [log] = await read(
    lines(
      40,
      (i) =>
        `Epoch[${Math.floor(i / 10)}] Batch [${i % 10}] ${heads.map((h, k) => `${h}=${fall(i, 2 + k)}`).join("\t")}${i % 10 === 9 ? heads.map((h) => `\nEpoch[${Math.floor(i / 10)}] Train-${h}=${fall(i)}`).join("") : ""}`,
    ),
  );
  expect(log!.objective).toBe("part");
  expect(seriesOf(log!, "loss")!.name).toBe("sum of 3 parts");
});

test("self-play is reinforcement learning by its episodes; 'batch i' counts", async () => {
  const [log] = await read(
    lines(
      30,
      (i) =>
        `batch i:${i + 1}, episode_len:${20 + (i % 7)}\nkl:0.01,loss:${fall(i)},entropy:${fall(i, 2)},explained_var_old:0.${i}`,
    ),
  );
  expect(log!.objective).toBe("reinforcement");
  expect(seriesOf(log!, "loss")!.steps[29]).toBe(30);
});

test("eta in hours is no rate, eta as a rate is one", async () => {
  const of = (eta: (i: number) => string): Promise<RunLog[]> =>
    read(lines(30, (i) => `step ${i} loss ${fall(i)} eta ${eta(i)}`));
  expect(values((await of((i) => (0.6 - 0.02 * i).toFixed(2)))[0], "lr")).toEqual([]);
  expect(values((await of((i) => (i < 15 ? "0.01" : "0.001")))[0], "lr")).toHaveLength(30);
});

test("counts that begin a line in another way: after a dot, behind a logger's [{, behind the bar of a checkpoint", async () => {
  const [dotted] = await read(
    lines(12, (i) => `2023-11-26 17:00:08,407 - trainer - INFO - ---Epoch.${i} Train Log-Loss: ${fall(i)}. `),
  );
  expect(values(dotted, "loss")).toEqual(falls(12));
  expect(dotted!.stepUnit).toBe("epoch");
  const [braced] = await read(
    lines(12, (i) => `[{3667621017.py:45} INFO - Epoch    ${i}, loss = ${fall(i)}`),
  );
  expect(values(braced, "loss")).toEqual(falls(12));
  const shards = [0, 1, 2, 0, 1, 2].map(
    (n) => `Loading shards: ${50 * n}%|## | ${n}/2 [00:01<00:02, 1.3it/s]`,
  );
  const bars = lines(30, (i) => `Loss: ${fall(i)} | 10.0%|# | ${9 + i}/500 [01:03<42:49, 6.27s/it]`);
  const [bar] = await read(`${shards.join("\n")}\n${bars}`);
  expect(seriesOf(bar!, "loss")!.steps[0]).toBe(9);
});

test("how many test examples there are is no validation", async () => {
  const [log] = await read(`${lines(20, (i) => `Epoch ${i} loss ${fall(i)}`)}Test : 47\nTest acc: 0.48`);
  expect(values(log, "validation")).toEqual([]);
});

test("several trainings of two players are never joined as epochs of one", async () => {
  const run = (k: number): string =>
    lines(20, (i) => `${i} [D loss: ${fall(i, 1 + k)}, acc.: 51.5%] [G loss: ${fall(i, 2)}]`);
  const logs = await read([0, 1, 2, 3].map((k) => `model built\n${run(0.1 * k)}`).join(""));
  expect(logs.map((log) => log.objective)).toEqual(Array(4).fill("adversarial"));
});

test("an evaluation named by the same part of an epoch stands beside its training line", async () => {
  const [log] = await read(
    lines(
      40,
      (i) =>
        `(train) epoch ${(0.04 * i).toFixed(2)} loss: ${fall(i)}${i % 8 === 7 ? `\n(val) epoch ${(0.04 * i).toFixed(2)} loss: ${fall(i, 4)}` : ""}`,
    ),
  );
  expect(values(log, "loss")).toEqual(falls(40));
  expect([...seriesOf(log!, "loss")!.steps]).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect([...seriesOf(log!, "validation")!.steps]).toEqual([7, 15, 23, 31, 39]);
});

test("a level glued to a name is no part of it, and groups of processes are no policy", async () => {
  const [log] = await read(
    lines(
      30,
      (i) =>
        `20-03-23 17:28-INFO-batch loss: ${fall(i)}; step: ${i}${i % 8 ? "" : "\n[PG ID 0 PG GUID 0 Rank 2] stopped"}`,
    ),
  );
  expect([log!.objective, seriesOf(log!, "loss")!.name]).toEqual(["loss", "batch loss"]);
});
