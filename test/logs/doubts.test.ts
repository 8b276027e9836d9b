/** Several trainings in one log: read apart by their names, or doubted in words and not judged. */
import { expect, test } from "vitest";
import { diagnose } from "../../src/diagnose/index.ts";
import { type RunLog, seriesOf } from "../../src/logs/index.ts";
import { read } from "./helpers.ts";

const fall = (i: number, from = 3): string =>
  (0.4 + (from - 0.4) * Math.exp(-i / 8) + 0.02 * Math.cos(5 * i)).toFixed(4);
const each = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const losses = (log: RunLog | undefined): number[] => [...((log && seriesOf(log, "loss")?.values) ?? [])];
const numbers = (n: number, from?: number): number[] => each(n, (i) => Number(fall(i, from)));
const doubt = (log: RunLog): string | undefined => log.notes.find((n) => n.id === "doubtful-reading")?.text;

test("an n/N glued to a letter is the same counter with two digits and with three", async () => {
  const [log, more] = await read(
    each(120, (i) => `E${String(i + 1).padStart(3)}/120 | Loss:${fall(i)} | ETA:2.5min`).join("\n"),
  );
  expect(more).toBeUndefined();
  expect(losses(log)).toEqual(numbers(120));
  expect(seriesOf(log!, "loss")!.steps[119]).toBe(120);
});

test("[epoch, batch/N] with blanks before its numbers", async () => {
  const [log, more] = await read(
    each(
      60,
      (i) => `[${1 + Math.floor(i / 20)}, ${String(50 * (i % 20)).padStart(5)}/ 1000] loss: ${fall(i)}`,
    ).join("\n"),
  );
  expect(more).toBeUndefined();
  expect(losses(log)).toEqual(numbers(60));
  expect(seriesOf(log!, "loss")!.steps[21]! - seriesOf(log!, "loss")!.steps[20]!).toBe(50);
});

test("a table whose rows say what and whose columns say on which data, below time stamps", async () => {
  const stamp = "2026-01-19 21:30:12,251 - ";
  const [log] = await read(
    each(
      6,
      (i) =>
        `Epoch ${i + 1}/6\n${stamp}METRIC | TRAIN | VALIDATION\n${stamp}------------------\n${stamp}Loss   | ${fall(i)} | ${fall(i, 4)}\n${stamp}Accuracy | 0.8${i} | 0.7${i}`,
    ).join("\n"),
  );
  expect(losses(log)).toEqual(numbers(6));
  expect([...seriesOf(log!, "validation")!.values]).toEqual(numbers(6, 4));
});

test("the bar of an evaluation without a measurement is no step of the training", async () => {
  const bar = (name: string, n: number, of: number, rest = ""): string =>
    `${name}:  ${Math.round((100 * n) / of)}%|###   | ${n}/${of} [00:03<00:17,  3.41it/s${rest}]`;
  const text = each(4, (epoch) => [
    ...each(20, (i) => bar("Training", i + 1, 20, `, loss=${fall(20 * epoch + i)}`)),
    ...each(5, (i) => bar("Validating", i + 1, 5)),
  ]);
  const [log, more] = await read(
    text.map((epoch, i) => [`Epoch ${i + 1}/4`, ...epoch].join("\n")).join("\n"),
  );
  expect(more).toBeUndefined();
  expect(losses(log)).toEqual(numbers(80));
});

test("an epoch named on four lines begins a run once", async () => {
  const run = each(
    12,
    (i) =>
      `epoch: ${i} start\nepoch: ${i} end, loss: ${fall(i)}\nepoch: ${i} validation, loss: ${fall(i, 4)}\nepoch: ${i} model saved`,
  ).join("\n");
  const logs = await read(`${run}\nstart\n${run}`);
  expect(logs.map(losses)).toEqual([numbers(12), numbers(12)]);
});

test("trainings with a name before their counter are runs of that name, side by side or one after another", async () => {
  const names = ["LSTM_e2", "Transformer_L2", "Transformer_L4"];
  const line = (k: number, i: number): string =>
    `2025-04-16 01:37:43 - INFO - Run: ${names[k]} | Epoch: ${i + 1} | Loss: ${fall(i, 3 + k)}`;
  const after = await read(names.flatMap((_, k) => each(12, (i) => line(k, i))).join("\n"));
  const beside = await read(each(12, (i) => names.map((_, k) => line(k, i)).join("\n")).join("\n"));
  for (const logs of [after, beside]) {
    expect(logs.map(losses)).toEqual([numbers(12, 3), numbers(12, 4), numbers(12, 5)]);
    expect(logs.map((l) => l.run)).toEqual(names.map((n, i) => `${n} ${i + 1} of 3`));
  }
});

test("parts, phases and ranks of one training are no runs by name", async () => {
  const heads = (a: string, b: string): Promise<RunLog[]> =>
    read(
      each(
        12,
        (i) => `${a} Epoch: ${i + 1} | Loss: ${fall(i)}\n${b} Epoch: ${i + 1} | Loss: ${fall(i)}`,
      ).join("\n"),
    );
  for (const [a, b] of [
    ["train", "valid"],
    ["hostA", "hostB"],
  ] as const)
    expect((await heads(a, b)).every((l) => l.run === null)).toBe(true);
});

test("several trainings side by side without a name are doubted, and not judged", async () => {
  const text = each(40, (i) =>
    each(1 + ((i * 7) % 5), (k) => `Epoch ${i + 1 - (k % 2)} - loss: ${fall(i + 3 * k, 3 + k)}`).join("\n"),
  ).join("\n");
  const logs = await read(text);
  expect(logs.some((l) => doubt(l)?.includes("--step"))).toBe(true);
  const runs = diagnose(logs).runs;
  expect(runs.every((r) => r.verdict === "inconclusive")).toBe(true);
});

test("one training is not doubted: batches of an epoch, a resume, a bar drawn again", async () => {
  const batches = each(60, (i) => `Epoch ${1 + Math.floor(i / 20)} loss: ${fall(i)}`);
  const resume = [...each(40, (i) => i), ...each(30, (i) => 30 + i)].map((i) => `step ${i} loss ${fall(i)}`);
  for (const lines of [batches, resume])
    expect((await read(lines.join("\n"))).map(doubt).filter(Boolean)).toEqual([]);
});

test("folds side by side are runs by the number that the line gives, and doubted where it gives none", async () => {
  const text = (fold: (k: number) => string): string =>
    each(12, (i) =>
      each(4, (k) => `Epoch ${i + 1}, ${fold(k)}loss: ${fall(i, 3 + ((k * 2) % 5))}`).join("\n"),
    ).join("\n");
  const folds = await read(text((k) => `fold ${k + 1}, `));
  expect(folds.map(losses)).toEqual([3, 5, 7, 4].map((from) => numbers(12, from)));
  expect(folds[1]!.run).toBe("fold 2 2 of 4");
  const [log] = await read(text(() => ""));
  expect(doubt(log!)).toContain("side by side");
  expect(log!.objective).toBe("unclear");
});

test("a loss at the step of something slower, and pieces far from each other, are doubted", async () => {
  const slow = each(400, (i) => `iteration ${Math.floor(i / 20)}, loss: ${(3 - 0.005 * i).toFixed(3)}`);
  const pieces = each(20, (i) => `iter ${(i < 10 ? 100 : 60_000) + 20 * i}, loss = ${fall(i)}`);
  expect(doubt((await read(slow.join("\n")))[0]!)).toContain("at 20 steps");
  expect(doubt((await read(pieces.join("\n")))[0]!)).toContain("step leaps from 280 to 60200");
});

test("stages with losses of their own names, and measures of which none is called a loss, are doubted with the option that decides", async () => {
  const stages = [
    ...each(20, (i) => `step ${i} reconstruction loss ${fall(i)}`),
    ...each(20, (i) => `step ${20 + i} contrastive loss ${fall(i, 6)}`),
  ];
  const measures = each(20, (i) => `Epoch ${i} reg: 0.3, mae: ${fall(i, 40)}, mse: ${fall(i, 60)}`);
  const unnamed = each(
    23,
    (i) => `0m ${i}s (${i * 500} ${i}%) ${i < 20 ? fall(i) : `training loss = ${fall(i)}`}`,
  );
  expect(doubt((await read(stages.join("\n")))[0]!)).toContain("one after the other");
  expect(doubt((await read(measures.join("\n")))[0]!)).toMatch(/'mae' are measures.*--loss/);
  expect(doubt((await read(unnamed.join("\n")))[0]!)).toMatch(/20 lines like .*--loss/);
});
