/** Readings that contradict what the log prints elsewhere are doubted, whatever program wrote it; and what is no number is none. */
import { expect, test } from "vitest";
import { type RunLog, seriesOf } from "../../src/logs/index.ts";
import { read } from "./helpers.ts";

const fall = (i: number, from = 3): string =>
  (0.4 + (from - 0.4) * Math.exp(-i / 8) + 0.02 * Math.cos(5 * i)).toFixed(4);
const each = (n: number, make: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => make(i)).join("\n");
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Number(fall(i)));
const losses = (log: RunLog | undefined): number[] => [...((log && seriesOf(log, "loss")?.values) ?? [])];
const doubt = (log: RunLog): string | undefined => log.notes.find((n) => n.id === "doubtful-reading")?.text;

test("losses that found no place in a run are said, and the run is not judged", async () => {
  const line = (i: number): string => `epoch: ${i + 1}/40, train_loss: ${fall(i)}, test_loss: ${fall(i, 4)}`;
  const [whole] = await read(each(40, line));
  expect(doubt(whole!)).toBeUndefined();
  const [log] = await read(`${each(40, line)}\n${each(30, line).replaceAll("\n", " ")}`);
  // the last of them is a training broken off after one line, which is left out with reason
  expect(doubt(log!)).toContain("'train_loss' is printed 70 times, and 29 of them found no place");
  expect(log!.objective).toBe("unclear");
});

test("a number that counts by its name and goes another way than the step is a doubt", async () => {
  const text = each(30, (i) => `step ${10 * i} update ${i < 15 ? i : 3 * i} loss ${fall(i)}`);
  expect(doubt((await read(text))[0]!)).toContain("'update' does not go on with the step");
  expect(doubt((await read(text, { step: "step" }))[0]!)).toBeUndefined();
  expect(doubt((await read(text.replaceAll("update", "tokens")))[0]!)).toBeUndefined();
});

test("lines that begin runs by number and are more than the runs read are a doubt", async () => {
  const part = (k: number): string =>
    `=== Run ${k}/2 ===\n${each(30, (i) => `loss ${fall(30 * (k - 1) + i)}`)}`;
  expect(doubt((await read(`${part(1)}\n${part(2)}`))[0]!)).toContain("begin 2 runs, and 1 is read");
});

test("a source line or a thread that a logger puts in front is no number", async () => {
  for (const front of [
    "2025-03-11 09:00:14.274 | INFO     | __main__:train:118 - ",
    "I0311 09:00:21.411211 17442 solver.cpp:237] ",
  ]) {
    const [log, more] = await read(each(40, (i) => `${front}step ${i} loss ${fall(i)}`));
    expect(more).toBeUndefined();
    expect(log!.series.map((s) => s.name)).toEqual(["loss"]);
    expect(losses(log)).toEqual(numbers(40));
  }
});

test("options in a call, printed at each start, are no points and no epoch", async () => {
  const options = "Namespace(lr=0.001, batch_size=64, epochs=30, seed=7)";
  const run = `${options}\n${each(12, (i) => `epoch ${i + 1}/12:\n  loss=${fall(i)}  lr=0.05`)}`;
  const logs = await read(`${run}\n${run}`);
  expect(logs.map(losses)).toEqual([numbers(12), numbers(12)]);
  expect([...seriesOf(logs[0]!, "lr")!.values]).toEqual(Array(12).fill(0.05));
  expect(logs.map((l) => seriesOf(l, "loss")!.steps[0])).toEqual([1, 1]);
});

test("evaluations at the training's own steps keep them, when the training begins again too", async () => {
  const run = each(20, (i) => {
    const held = i % 5 === 4 ? `\n*** step ${10 * i}/200 eval loss = ${fall(i, 4)} ***` : "";
    return `----- step ${10 * i}/200 -----\n  loss : ${fall(i)}${held}`;
  });
  const logs = await read(`${run}\n${run}`);
  expect(logs.map((l) => [...seriesOf(l, "validation")!.steps])).toEqual([
    [40, 90, 140, 190],
    [40, 90, 140, 190],
  ]);
});

test("single losses whose noise falls within each epoch are no mean since it began", async () => {
  const epoch = [3.35, 2.9, 3.01, 2.74, 2.47, 2.46, 2.22, 2.24, 2.07, 2.03];
  const text = each(
    60,
    (i) =>
      `Epoch ${1 + Math.floor(i / 10)}/6 batch ${1 + 50 * (i % 10)}/461 loss ${(epoch[i % 10]! * 0.6 ** Math.floor(i / 10)).toFixed(4)}`,
  );
  expect(losses((await read(text))[0])).toHaveLength(60);
});

test("a part that measures places beside an accuracy, and a table of rates in its header, are not judged", async () => {
  const [log] = await read(
    each(30, (i) => `Epoch[0] Batch [${20 * i}] Train-Acc=0.7${10 + i} Train-SmoothL1=${fall(i, 40)}`),
  );
  expect(doubt(log!)).toContain("a part of what is descended");
  await expect(
    read(`learning_rate_0.005,learning_rate_0.1\n${each(30, (i) => `${fall(i)},${fall(i, 5)}`)}`),
  ).rejects.toThrow("no column of this table is recognised as a loss");
});

test("options that name evaluations are no evaluation, and a program that lists some twice is one program", async () => {
  const options =
    "trainer:\n  evaluation_strategy: epoch\n  logging: yes\n  state:\n  dictitems:\n  class: x\n  path: y\n";
  const once = Array.from({ length: 12 }, (_, i) => `  option_${"abcdefghijkl"[i]}: set`).join("\n");
  const line = (i: number): string =>
    `{'loss': ${fall(i)}, 'grad_norm': 0.${10 + i}, 'learning_rate': 0.00${i + 1}, 'epoch': ${(0.04 * (i + 1)).toFixed(2)}}`;
  const [log] = await read(`${options}${once}\n${options}${each(40, line)}`);
  expect(losses(log)).toEqual(numbers(40));
  expect(doubt(log!)).toBeUndefined();
});

test("an error rate is no training loss, and what falls beside the validation is named", async () => {
  const [log] = await read(
    each(
      30,
      (i) =>
        `Epoch ${i + 1}/30 | main ${fall(i, 5)} | val_loss ${fall(i, 6)} | WER ${(1 - i / 60).toFixed(4)}`,
    ),
  );
  expect(doubt(log!)).toContain("'main' falls like 'val_loss' beside it; --loss");
  expect(log!.objective).toBe("unclear");
  expect(
    losses(
      (await read(each(30, (i) => `Epoch ${i + 1}, train_mse_scaled=${fall(i)}, val_mae=1${fall(i)}`)))[0],
    ),
  ).toEqual(numbers(30));
});

test("a logger called 'train' does not hide that an evaluation begins, nor does a fraction of an epoch", async () => {
  const logger = "2025-03-11 09:00:07 INFO train: ";
  const evaluation = (i: number): string =>
    i % 5 === 4 ? `\n${logger}model saved\n${logger}Validating...\n${logger}loss ${fall(i, 6)}` : "";
  const [log] = await read(each(30, (i) => `${logger}step ${10 * i} loss ${fall(i)}${evaluation(i)}`));
  expect(losses(log)).toEqual(numbers(30));
  expect(seriesOf(log!, "validation")!.values).toHaveLength(6);
  const blocks = each(30, (i) => {
    const at = (0.04 * (i + 1)).toFixed(2);
    const held = i % 5 === 4 ? `\n(val) Epoch: ${at}\nloss: ${fall(i, 6)}` : "";
    return `(train) Epoch: ${at}\nloss: ${fall(i)}\ngrad_norm: 1.${10 + i}${held}`;
  });
  expect(losses((await read(blocks))[0])).toEqual(numbers(30));
});

test("a rate among the options is none of trainings whose own lines say it", async () => {
  const run = `config:\n  lr: 0.0003\n${each(30, (i) => `step ${i} loss ${fall(i)} lr 0.05`)}`;
  const rates = (await read(`${run}\n${run}`)).map((log) => [...seriesOf(log, "lr")!.values]);
  expect(rates).toEqual([Array(30).fill(0.05), Array(30).fill(0.05)]);
});

test("the number behind 'learning rate of epoch' counts, and the one behind that is the rate", async () => {
  const line = (i: number): string =>
    i % 10 === 0 ? `learning rate of epoch ${i / 10} is 0.00${5 - i / 10}\n` : "";
  const [log, more] = await read(
    each(50, (i) => `${line(i)}[${Math.floor(i / 10)}/5] iter ${i % 10} loss ${fall(i)}`),
  );
  expect(more).toBeUndefined();
  const rate = seriesOf(log!, "lr")!;
  expect([rate.name, ...rate.values.slice(-3)]).toEqual(["learning rate", 0.003, 0.002, 0.001]);
});

test("lines of numbers that have other columns than those read without a name are a doubt", async () => {
  const [wide, narrow] = [" 0.001 0.93", ""].map((more) => each(60, (i) => `${i} ${fall(i)} 0.5${more}`));
  expect(doubt((await read(wide!))[0]!)).toBeUndefined();
  const [log] = await read(`${wide}\n${narrow}`);
  expect(doubt(log!)).toContain("60 lines of numbers have other columns than the 60 that are read");
  expect(log!.objective).toBe("unclear");
});

test("sizes of the data are no validation, and components of a gradient no norm", async () => {
  const sizes = " - for validation is 2930;\n - for validation is 1644;\n";
  const component = (i: number): string => `epoch ${i}: loss ${fall(i)}, grad ${(0.5 - i / 40).toFixed(3)}`;
  const [log] = await read(`${sizes}${each(40, component)}`);
  expect(log!.series.map((s) => s.role)).not.toContain("gradNorm");
  expect(log!.series.map((s) => s.role)).not.toContain("validation");
  const held = each(40, (i) => `epoch ${i}: loss ${fall(i)}, validation ${fall(i, 5)}, grad ${fall(i)}`);
  expect((await read(held))[0]!.series.map((s) => s.role)).toEqual(
    expect.arrayContaining(["gradNorm", "validation"]),
  );
});

test("a number without a name counts epochs where it rises by one from evaluation to evaluation", async () => {
  const [log] = await read(
    each(20, (i) => `[${i + 1}/20] Train: ${fall(i)} | Val: ${fall(i, 4)} | Acc: 5${i % 10}.25%`),
  );
  expect(log!.stepUnit).toBe("epoch");
  expect(seriesOf(log!, "validation")!.values).toHaveLength(20);
  expect((await read(each(20, (i) => `[${i + 1}/20] Train: ${fall(i)}`)))[0]!.stepUnit).toBe("step");
});
