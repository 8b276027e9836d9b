/**
 * Kinds of logs that public ones brought to light, each in made-up lines of our own: which curve is the loss, where its
 * points stand, how many runs there are, and what is no training loss at all.
 */
import { expect, test } from "vitest";
import type { RunLog } from "../../src/logs/index.ts";
import { seriesOf } from "../../src/logs/index.ts";
import type { Objective, Role } from "../../src/run/log.ts";
import { read } from "./helpers.ts";

const fall = (i: number, from = 3, to = 0.4): string =>
  (to + (from - to) * Math.exp(-i / 8) + 0.02 * Math.cos(5 * i)).toFixed(5);
const lines = (n: number, line: (i: number) => string): string =>
  `${Array.from({ length: n }, (_, i) => line(i)).join("\n")}\n`;

interface Curve {
  readonly role: Role;
  readonly n: number;
  readonly steps: readonly [first: number, last: number];
  readonly first: number;
  readonly last: number;
}

function expectCurve(log: RunLog | undefined, { role, n, steps, first, last }: Curve): void {
  const series = log && seriesOf(log, role);
  expect(series?.values.length).toBe(n);
  expect([series!.steps[0], series!.steps[n - 1]]).toEqual(steps);
  expect([series!.values[0], series!.values[n - 1]]).toEqual([first, last]);
}

const objectives = async (text: string): Promise<Objective[]> =>
  (await read(text)).map((log) => log.objective ?? "loss");

test("lines behind the line numbers of a search are read without them", async () => {
  const text = lines(
    12,
    (i) => `${i * 3 + 40}:{'loss': ${fall(i)}, 'learning_rate': 1e-05, 'epoch': ${i / 10}}`,
  );
  const bare = `{'loss': 3.5, 'learning_rate': 1e-05, 'epoch': 0}\n${text}`;
  const [log] = await read(bare);
  expectCurve(log, { role: "loss", n: 13, steps: [0, 12], first: 3.5, last: Number(fall(11)) });
});

test("the word before a dictionary names what is in it", async () => {
  const [log] = await read(lines(15, (i) => `Losses {'tagger': ${fall(i)}}`));
  expectCurve(log, { role: "loss", n: 15, steps: [0, 14], first: Number(fall(0)), last: Number(fall(14)) });
});

test("CatBoost's table of metrics is boosting", async () => {
  const table = `iter\tTotalF1\tMultiClass\n${lines(20, (i) => `${i}\t0.9${i + 10}\t${fall(i)}`)}`;
  expect(await objectives(table)).toEqual(["boosting"]);
});

test("rewards alone are reinforcement learning, in lines, boxes and tables", async () => {
  const sentence = lines(
    20,
    (i) => `INFO: Episode ${i * 10} | Avg Reward: ${(i * 1.7).toFixed(2)} | Epsilon: 0.${99 - i}`,
  );
  const box = lines(
    9,
    (i) => `| episode_reward | ${i * 3} |\n| frame | ${640 * (i + 1)} |\n------------------`,
  );
  const table = `episode_reward,frame\n${lines(12, (i) => `${i * 2},${i * 640}`)}`;
  for (const text of [sentence, box, table]) expect(await objectives(text)).toEqual(["reinforcement"]);
});

test("two players without the word loss are adversarial", async () => {
  const text = lines(
    25,
    (i) =>
      `(epoch: 1, iters: ${100 * (i + 1)}, time: 0.48, data: 0.2) D_A: 0.${28 + i} G_A: ${fall(i)} idt_A: 0.51`,
  );
  expect(await objectives(text)).toEqual(["adversarial"]);
});

test("a step may pass the end that was announced", async () => {
  const text = lines(
    30,
    (i) =>
      `[step=${i + 1}/20,epoch=0]\n    optim/grad_norm=${fall(i)}\n    train/CrossEntropyLoss=${fall(i)}`,
  );
  const [log] = await read(text);
  expectCurve(log, { role: "loss", n: 30, steps: [1, 30], first: Number(fall(0)), last: Number(fall(29)) });
});

test("an epoch named on the line that ends it holds the batches before it", async () => {
  const batch = (e: number, b: number): string =>
    `train --- Current batch:${b * 200}/1000  loss:[ ${fall(5 * e + b)}]`;
  const text = lines(8, (e) =>
    [1, 2, 3, 4, 5]
      .map((b) => batch(e, b))
      .concat(`Epoch [${e}]/[7] \t Training Phase Loss: ${fall(5 * e + 5)} \t Accuracy: 0.7`)
      .join("\n"),
  );
  const logs = await read(text);
  expect(logs.length).toBe(1);
  expectCurve(logs[0], {
    role: "loss",
    n: 40,
    steps: [200, 8000],
    first: Number(fall(1)),
    last: Number(fall(40)),
  });
});

test("one letter may count, and a slower count beside it is another clock", async () => {
  const text = lines(60, (i) => {
    const line = `[INFO:training] E=${Math.floor(i / 20)} B=${(i + 1) * 50}\ts/sec=440.7 ppl=${fall(i, 300, 20)}`;
    if (i % 10 !== 9) return line;
    const k = (i + 1) / 10;
    return `${line}\n[INFO:training] Checkpoint [${k}]\tUpdates=${k * 250} Epoch=${Math.floor(i / 20)}\n[INFO:training] Checkpoint [${k}]\tValidation-ppl=${fall(i, 310, 30)}`;
  });
  const logs = await read(text);
  expect(logs.length).toBe(1);
  const loss = seriesOf(logs[0]!, "loss")!;
  expect([loss.steps[0], loss.steps[59], loss.values[0]]).toEqual([
    50,
    3000,
    Math.log(Number(fall(0, 300, 20))),
  ]);
  expect(Array.from(seriesOf(logs[0]!, "validation")!.steps)).toEqual([500, 1000, 1500, 2000, 2500, 3000]);
});

test("evaluations of several runs one after the other are runs, and a summary's echo is none", async () => {
  const run = (r: number): string => {
    const rows = Array.from(
      { length: 26 },
      (_, i) => `step:${(i + 1) * 125}/3250 val_loss:${fall(i, 4 + r / 10)}`,
    );
    return [`=== seed ${r} start ===`, ...rows, `=== seed ${r} end ===`, ...rows.slice(-3), ""].join("\n");
  };
  const logs = await read(lines(4, run));
  expect(logs.map((log) => [log.objective, seriesOf(log, "validation")?.values.length])).toEqual(
    Array.from({ length: 4 }, () => ["validation-only", 26]),
  );
});

test("two columns without names: one counts, the other falls fast and rests", async () => {
  const [log] = await read(lines(60, (i) => `${i + 1},${fall(3 * i)}`));
  expectCurve(log, { role: "loss", n: 60, steps: [1, 60], first: Number(fall(0)), last: Number(fall(177)) });
  expect(log!.notes.map((n) => n.id)).toContain("guessed-loss");
});

test("a formula's name with the phase before or behind it is a loss", async () => {
  const table = `#  step      rmse_val    rmse_trn         lr\n${lines(20, (i) => `${String(i * 100).padStart(7)}      ${fall(i, 4)}     ${fall(i)}    1.0e-03`)}`;
  const [log] = await read(table);
  expectCurve(log, { role: "loss", n: 20, steps: [0, 1900], first: Number(fall(0)), last: Number(fall(19)) });
  expectCurve(log, {
    role: "validation",
    n: 20,
    steps: [0, 1900],
    first: Number(fall(0, 4)),
    last: Number(fall(19, 4)),
  });
  const [column] = await read(`training error\t\n${lines(20, (i) => ` ${fall(i)}\t`)}`);
  expectCurve(column, {
    role: "loss",
    n: 20,
    steps: [0, 19],
    first: Number(fall(0)),
    last: Number(fall(19)),
  });
});

test("one closing figure is not preferred to the curve", async () => {
  const text = `${lines(10, (i) => `Epoch ${i + 1} - avg_train_loss: ${fall(i)}  avg_val_loss: ${fall(i, 4)}`)}MSE loss: 0.9\n`;
  const [log] = await read(text);
  expectCurve(log, { role: "loss", n: 10, steps: [1, 10], first: Number(fall(0)), last: Number(fall(9)) });
});

test("two processes writing into one file, each behind the other, are one run", async () => {
  const order: number[] = [];
  for (let i = 0; i < 80; i++) order.push(i, i < 4 ? i : i - 1 - (i % 3));
  const text = order
    .map((i) => JSON.stringify({ current_steps: (i + 1) * 10, loss: Number(fall(i)), lr: 1e-5 }))
    .join("\n");
  const logs = await read(`${text}\n`);
  expect(logs.length).toBe(1);
  expectCurve(logs[0], {
    role: "loss",
    n: 80,
    steps: [10, 800],
    first: Number(fall(0)),
    last: Number(fall(79)),
  });
});

test("options, improvements and errors of the machine are no curves", async () => {
  const options = lines(
    4,
    (i) =>
      `Namespace(patch=16, momentum=0.99, wd=0.04, clip=3.0, epochs=${100 + i}, lr=0.0008, layers=12, heads=6, seed=${i})`,
  );
  const improved = lines(
    9,
    (i) => `Metric val/accuracy improved by 0.0${i + 1} >= min_delta = 0.0. New best score: 0.${30 + i}`,
  );
  const http = lines(
    9,
    (i) => `updated at 09-${10 + i}\nHTTPError: HTTP Error ${500 + (i % 4)}: Origin Down`,
  );
  const scores = `               P       R       F\n\n${lines(9, (i) => `Field ${"abcdefghi"[i]}   9${9 - i}.20   8${9 - i}.41   8${9 - i}.76`)}`;
  for (const text of [options, improved, http, scores])
    await expect(read(text)).rejects.toThrow(/no training metrics/);
});

test("a range counts by its end, and a count may have its word glued to it", async () => {
  const espnet = lines(30, (i) => {
    const [epoch, b] = [Math.floor(i / 10) + 1, i % 10];
    const batch = `[box] 2024-01-02 10:${10 + i}:04,578 (trainer:486) INFO: ${epoch}epoch:train:${b * 50 + 1}-${b * 50 + 50}batch: iter_time=0.001, loss=${fall(i)}, lr_0=0.100`;
    return b < 9
      ? batch
      : `${batch}\n[box] 2024-01-02 10:50:${10 + i},1 (trainer:243) INFO: ${epoch}epoch results: [train] iter_time=0.001, loss=2.5, [valid] loss=${fall(i, 4)}`;
  });
  const [log] = await read(espnet);
  expectCurve(log, {
    role: "loss",
    n: 30,
    steps: [50, 1500],
    first: Number(fall(0)),
    last: Number(fall(29)),
  });
  expectCurve(log, {
    role: "validation",
    n: 3,
    steps: [500, 1500],
    first: Number(fall(9, 4)),
    last: Number(fall(29, 4)),
  });
  const kaldi = lines(
    12,
    (i) =>
      `LOG (train:Print():nnet.cc:121) Average objective function for 'output' for minibatches ${i * 10}-${i * 10 + 9} is -${fall(i)} over ${19000 + ((i * 37) % 90)} frames.`,
  );
  const [objective] = await read(kaldi);
  expect(objective!.objective).toBe("score");
  expectCurve(objective, {
    role: "loss",
    n: 12,
    steps: [9, 119],
    first: -Number(fall(0)),
    last: -Number(fall(11)),
  });
});

test("a process that counts to a total is no rank, and a line may begin with its number", async () => {
  const process = lines(
    20,
    (i) =>
      `train.py: Process ${i * 100}/2000(${i * 5}.0%) average loss: ${fall(i)} over ${6400 * (i + 1)} frames`,
  );
  const [counted] = await read(process);
  expectCurve(counted, {
    role: "loss",
    n: 20,
    steps: [0, 1900],
    first: Number(fall(0)),
    last: Number(fall(19)),
  });
  const darknet = lines(
    20,
    (i) =>
      ` ${1187 + i}: 9.9, ${fall(i)} avg loss, 0.010000 rate, 1.4 seconds, ${64 * (1187 + i)} images\nLoaded: 1.1 seconds`,
  );
  const [numbered] = await read(darknet);
  expectCurve(numbered, {
    role: "loss",
    n: 20,
    steps: [1187, 1206],
    first: Number(fall(0)),
    last: Number(fall(19)),
  });
  expectCurve(numbered, { role: "lr", n: 20, steps: [1187, 1206], first: 0.01, last: 0.01 });
});

test("a bar's mean since the epoch began gives one point an epoch", async () => {
  const perEpoch = 40;
  const single = (e: number, b: number): number =>
    0.5 + 2 * Math.exp(-e / 3) + 0.6 * Math.sin(7.3 * b + 3 * e);
  let last: string[] = [];
  const text = lines(12, (e) => {
    let sum = 0;
    const bars = Array.from({ length: perEpoch }, (_, b) => {
      sum += single(e, b);
      return `${b + 1}/${perEpoch} [====>....] - ETA: 1s - loss: ${(sum / (b + 1)).toFixed(4)}`;
    });
    last = [...last, (sum / perEpoch).toFixed(4)];
    return `Epoch ${e + 1}/12\n${bars.join("\n")}`;
  });
  const [log] = await read(text);
  expectCurve(log, { role: "loss", n: 12, steps: [40, 480], first: Number(last[0]), last: Number(last[11]) });
  expect(log!.notes.map((n) => n.id)).toContain("running-mean");
});

test("a bar's own loss of each batch stays as it is, however noisy", async () => {
  const text = lines(12, (e) => {
    const bars = Array.from(
      { length: 40 },
      (_, b) =>
        `${b + 1}/40 [====>....] - loss: ${(2 * Math.exp(-e / 3) + 1 + Math.sin(7.3 * b + e)).toFixed(4)}`,
    );
    return `Epoch ${e + 1}/12\n${bars.join("\n")}`;
  });
  const [log] = await read(text);
  expect(seriesOf(log!, "loss")!.values.length).toBe(480);
});

test("a sum that begins again gives its differences, and a rise without an end stays", async () => {
  let sum = 0;
  const losses = Array.from({ length: 60 }, (_, i) => Number(fall(i % 15)));
  const sums = losses.map((x, i) => (sum = i % 15 === 0 ? x : sum + x).toFixed(5));
  const [log] = await read(lines(60, (i) => `step ${i} running loss ${sums[i]}`));
  const series = seriesOf(log!, "loss")!;
  expect(series.name).toBe("running loss (single)");
  series.values.forEach((v, i) => expect(v).toBeCloseTo(losses[i]!, 4));
  const [diverging] = await read(lines(60, (i) => `step ${i} loss ${(1 + i * i * 0.01).toFixed(4)}`));
  expect(seriesOf(diverging!, "loss")!.values[59]).toBe(35.81);
});

test("a table whose rows have names is one of results", async () => {
  const table = `basin_id,horizon,MSE\n${lines(40, (i) => `${["north", "south", "east", "west", "mid", "far"][i % 6]}_${i % 7},${i},${fall(i)}`)}`;
  await expect(read(table)).rejects.toThrow(/table of results: its rows are named by 'basin_id'/);
  const dated = `when,MSE\n${lines(40, (i) => `Tue Jan 02 10:${10 + i}:00 2024,${fall(i)}`)}`;
  const noted = `MSE,note\n${lines(40, (i) => `${fall(i)},kept word${i}`)}`;
  for (const text of [dated, noted]) expect(seriesOf((await read(text))[0]!, "loss")!.values.length).toBe(40);
  const phases = `phase,MSE\n${lines(40, (i) => `${i % 2 ? "train" : "valid"},${fall(i)}`)}`;
  expect(seriesOf((await read(phases))[0]!, "loss")!.values.length).toBe(40);
});

test("a validation between the lines of an epoch ends where the training's next line begins", async () => {
  const text = lines(40, (i) => {
    const line = `Epoch ${Math.floor(i / 20)} Update ${(i + 1) * 100} Cost ${fall(i)}`;
    return i % 10 === 9
      ? `${line}\nValid Set...\nvalidation use time: 69.2\nvalidation loss: ${fall(i, 4)}`
      : line;
  });
  const [log] = await read(text);
  expectCurve(log, {
    role: "loss",
    n: 40,
    steps: [100, 4000],
    first: Number(fall(0)),
    last: Number(fall(39)),
  });
  expectCurve(log, {
    role: "validation",
    n: 4,
    steps: [1000, 4000],
    first: Number(fall(9, 4)),
    last: Number(fall(39, 4)),
  });
});

test("an evaluation's own bar beside the training's gives one point an epoch", async () => {
  const text = lines(6, (e) => {
    const train = [100, 200, 300].map(
      (b) => `- Train | Epoch ${e + 1} | ${b}/300 | 1.4 it/sec | Loss ${fall(3 * e + b / 100)}`,
    );
    const valid = [1, 2, 3].map(
      (b) => `- Valid | Epoch ${e + 1} | ${b}/3 | 0.3 it/sec | Loss ${fall(3 * e + b, 4)}`,
    );
    return [...train, "- Cross validation...", ...valid, "- Training..."].join("\n");
  });
  const [log] = await read(text);
  expectCurve(log, {
    role: "loss",
    n: 18,
    steps: [100, 1800],
    first: Number(fall(1)),
    last: Number(fall(18)),
  });
  expectCurve(log, {
    role: "validation",
    n: 6,
    steps: [300, 1800],
    first: Number(fall(3, 4)),
    last: Number(fall(18, 4)),
  });
});

test("a key that names both numbers of n/N names the first", async () => {
  const text = lines(
    20,
    (i) => `{'loss': ${fall(i)}, 'epoch': 0.0, 'global_step/max_steps': '${(i + 1) * 10}/5000'}`,
  );
  const [log] = await read(text);
  expectCurve(log, { role: "loss", n: 20, steps: [10, 200], first: Number(fall(0)), last: Number(fall(19)) });
});

test("a count behind a sentence's 'at' is one, and the first epoch again is another run", async () => {
  const [saved] = await read(lines(20, (i) => `Saved model at epoch ${2 * i + 1} with loss: ${fall(i)}`));
  expectCurve(saved, { role: "loss", n: 20, steps: [1, 39], first: Number(fall(0)), last: Number(fall(19)) });
  const short = lines(3, () => "INFO - Epoch0 loss = 614.5\nINFO - Train Acc = 0.04");
  const long = lines(12, (i) => `INFO - Epoch${i} loss = ${fall(i)}\nINFO - Train Acc = 0.1${i}`);
  const logs = await read(`INFO - Epoch0 loss = 9.5\n${short}${long}`);
  expectCurve(logs[logs.length - 1], {
    role: "loss",
    n: 12,
    steps: [0, 11],
    first: Number(fall(0)),
    last: Number(fall(11)),
  });
});

test("a bar drawn again when its epoch ends counts as it stands last", async () => {
  const text = lines(
    10,
    (e) =>
      `Epoch ${e + 1}/10\n477/477 ━━━━━━━━ 0s 96ms/step - loss: ${fall(e, 9)}\n477/477 ━━━━━━━━ 70s 108ms/step - loss: ${fall(e)} - val_loss: ${fall(e, 4)}`,
  );
  const [log] = await read(text);
  expectCurve(log, {
    role: "loss",
    n: 10,
    steps: [477, 4770],
    first: Number(fall(0)),
    last: Number(fall(9)),
  });
});

test("line forms that come first after twelve million numbers are named in a note, the others go on", async () => {
  const filler = `weights ${"0 ".repeat(2000)}\n`;
  const steps = (from: number): string => lines(40, (i) => `step ${from + i} loss ${fall(i)}`);
  const [log] = await read(
    `${steps(0)}${filler.repeat(6100)}${steps(40)}${lines(3, (i) => `other form ${i} 2.5`)}`,
  );
  expect(seriesOf(log!, "loss")!.values.length).toBe(80);
  expect(log!.notes.find((n) => n.id === "late-forms")?.text).toContain("1 later ones");
});

test("a list of numbers is a loss where it falls and its file is called one, and else no curve to judge", async () => {
  const list = `[${Array.from({ length: 20 }, (_, i) => fall(i)).join(", ")}]`;
  const [log] = await read(list, { source: "runs/loss_log.txt" });
  expectCurve(log, { role: "loss", n: 20, steps: [0, 19], first: Number(fall(0)), last: Number(fall(19)) });
  expect(log!.notes.map((n) => n.id)).toContain("guessed-loss");
  const rising = `[${Array.from({ length: 20 }, (_, i) => fall(20 - i)).join(", ")}]`;
  for (const [text, source] of [
    [list, "runs/widths.txt"],
    [rising, "runs/loss_log.txt"],
  ] as const) {
    const [other] = await read(text, { source });
    expect([other!.objective, seriesOf(other!, "loss")]).toEqual(["none", null]);
  }
  expect(
    seriesOf((await read(rising, { source: "loss.txt", loss: "values" }))[0]!, "loss")!.values.length,
  ).toBe(20);
});

test("step, phase, number: the number is the loss of the phase", async () => {
  const [log] = await read(
    `0 val 3.9\n0 score 0.25\n${lines(30, (i) => `${i} train ${fall(i)}`)}30 val 0.5\n`,
  );
  expectCurve(log, { role: "loss", n: 30, steps: [0, 29], first: Number(fall(0)), last: Number(fall(29)) });
  expectCurve(log, { role: "validation", n: 2, steps: [0, 30], first: 3.9, last: 0.5 });
});

test("a total beside its counters is the loss where no other is named; the total of several losses comes first", async () => {
  const [alone] = await read(
    lines(20, (i) => `[epoch: ${1 + Math.floor(i / 10)}/9, iter: ${25 * (i % 10)}/250] total: ${fall(i)}`),
  );
  expect(seriesOf(alone!, "loss")?.name).toBe("total");
  const [sum] = await read(lines(20, (i) => `Step: ${i}, box loss: 0.${10 + i}, all_loss: ${fall(i)}`));
  expect(seriesOf(sum!, "loss")?.name).toBe("all_loss");
});

test("epoch and iteration may stand between a loss and its value", async () => {
  const text = lines(
    12,
    (i) =>
      `Loss at epoch ${Math.floor(i / 4)} and iteration ${(i % 4) * 50} is ${fall(i)}\nAux Loss at epoch ${Math.floor(i / 4)} and iteration ${(i % 4) * 50} is 0.7`,
  );
  const [log] = await read(text);
  expect(seriesOf(log!, "loss")?.name).toBe("Loss");
  expect([...seriesOf(log!, "loss")!.values]).toEqual(Array.from({ length: 12 }, (_, i) => Number(fall(i))));
});

test("the group's number is no learning rate", async () => {
  const text = lines(
    16,
    (i) =>
      `Epoch ${i} loss ${fall(i)}${i % 5 === 4 ? `\nEpoch ${i}: reducing learning rate of group 0 to ${(0.1 / (i + 1)).toExponential(4)}.` : ""}`,
  );
  const [log] = await read(text);
  expect([...seriesOf(log!, "lr")!.values]).toEqual([0.02, 0.01, 0.1 / 15].map((v) => expect.closeTo(v, 6)));
});

test("settings alone are no curve", async () => {
  const text = lines(40, (i) => `    OPTION_${i}: ${i}`);
  const logs = read(`${text}    FOCAL_LOSS_ALPHA: 0.25\n    LOSS_WEIGHT: 50\n`);
  await expect(logs).rejects.toMatchObject({ id: "no-metrics" });
});

test("numbers one below the other are a loss where they fall and the file is called one", async () => {
  const list = lines(25, (i) => fall(i));
  const [log] = await read(list, { source: "runs/loss.txt" });
  expectCurve(log, { role: "loss", n: 25, steps: [0, 24], first: Number(fall(0)), last: Number(fall(24)) });
  await expect(read(list, { source: "runs/widths.txt" })).rejects.toMatchObject({ id: "no-metrics" });
});

test("a step that starts again is the next epoch where the loss goes on, another run where it goes back", async () => {
  const part = (from: number, n: number): string =>
    lines(n, (i) => `{"step": ${i * 50}, "loss": ${fall(from + i)}}`);
  const logs = await read(`${part(0, 10)}${part(10, 10)}${part(20, 10)}${part(0, 10)}${part(10, 4)}`);
  expect(logs.map((log) => seriesOf(log, "loss")!.values.length)).toEqual([30, 14]);
  expect(seriesOf(logs[0]!, "loss")!.steps[29]).toBe(29 * 50);
});

test("the first epoch's line again, or from a later epoch back to it, starts another run", async () => {
  const epoch = (e: number, loss: boolean): string => `Epoch ${e}/6\n${loss ? `loss: ${fall(e)}\n` : ""}`;
  const run = (last: number, cut = false): string =>
    Array.from({ length: last }, (_, i) => epoch(i + 1, !cut || i + 1 < last)).join("");
  // stopped within epoch 1 after its loss, then within epoch 3 before its loss, then whole
  const logs = await read(`${run(1)}${run(3, true)}${run(6)}${run(6)}`);
  expect(logs.map((log) => [...seriesOf(log, "loss")!.values])).toEqual(
    [[1], [1, 2], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]].map((of) => of.map((e) => Number(fall(e)))),
  );
});

test("a list under one header is one loss, the sum of its terms", async () => {
  const text = `Step      Train loss              Test loss               Test metric\n${lines(
    12,
    (i) => `${i * 1000}     [${fall(i)}, 1.00e-01]    [${fall(i)}, 2.00e-01]    []`,
  )}\nBest model at step 11000:\n  train loss: ${fall(11)}\n`;
  const [log] = await read(text);
  const sums = (more: number) =>
    Array.from({ length: 12 }, (_, i) => expect.closeTo(Number(fall(i)) + more, 9));
  expect([...seriesOf(log!, "loss")!.values]).toEqual(sums(0.1));
  expect([...seriesOf(log!, "validation")!.values]).toEqual(sums(0.2));
  expect(seriesOf(log!, "loss")!.steps[11]).toBe(11_000);
});

test("options printed at each start are no clock: epochs named above their losses are", async () => {
  const options = (step: number): string =>
    `{'phase': 'train', 'start_epoch': 0, 'num_epoch': 9, 'log_interval': 100, 'save_interval': 10, 'base_lr': 0.1, 'step': ${step}, 'batch_size': 64, 'num_worker': 4}\n`;
  const epochs = lines(
    9,
    (i) =>
      `Training epoch: ${i}\n\tIter 0 Done. | loss: ${fall(i)} | lr: 0.1\n\tmean_loss: ${fall(i)}\nDone.`,
  );
  const plain = lines(60, (i) => `Training epoch: ${i}\n\tmean_loss: ${fall(i)}\nDone.`);
  const logs = await read(`${options(10)}${plain}${options(50)}${epochs}${options(20)}${plain}`);
  const last = logs[logs.length - 1]!;
  expect(seriesOf(last, "loss")!.values.length).toBe(60);
  expect(last.stepUnit).toBe("epoch");
});
