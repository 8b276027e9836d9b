/** Several trainings in one file, as public logs showed them, in made-up lines of our own: where each begins, and what is only one. */
import { expect, test } from "vitest";
import { type RunLog, seriesOf } from "../../src/logs/index.ts";
import type { Role } from "../../src/run/log.ts";
import { noteIds, read } from "./helpers.ts";

const loss = (i: number, run = 0): string => (0.4 + 0.1 * run + 2.6 * Math.exp(-i / 8)).toFixed(4);
const lines = (n: number, line: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => `${line(i)}\n`).join("");
const points = (log: RunLog | undefined, role: Role): [number, number][] => {
  const s = log && seriesOf(log, role);
  return s ? Array.from(s.steps, (step, i) => [step, s.values[i]!]) : [];
};
const falls = (n: number, run: number, step: (i: number) => number): [number, number][] =>
  Array.from({ length: n }, (_, i) => [step(i), Number(loss(i, run))]);

test("settings that stand above each training belong to it, in either form", async () => {
  const above = (run: number): string =>
    `Config #${run + 1}\n {'lr': ${1 + run}e-3, 'layer': '${["Relu", "Tanh", "Relu", "Tanh"][run]}'}\n`;
  const logs = await read(
    lines(4, (run) => above(run) + lines(10, (i) => `(Epoch ${i + 1} / 10) train loss: ${loss(i, run)}`)),
  );
  expect(logs.map((log) => points(log, "lr"))).toEqual(
    [1, 2, 3, 4].map((rate) => [[1, Number(`${rate}e-3`)]]),
  );
});

test("a training of one epoch is over when the first epoch comes again, whatever lines name it", async () => {
  const epoch = (i: number, run: number): string =>
    `epoch: ${i} end, loss: ${loss(i, run)}\nepoch: ${i} validation, loss: ${loss(i, run + 1)}\nepoch: ${i} model saved`;
  const logs = await read(`${epoch(0, 1)}\nstart training\n${lines(30, (i) => epoch(i, 0))}`);
  expect(logs.map((log) => points(log, "loss"))).toEqual([falls(1, 1, (i) => i), falls(30, 0, (i) => i)]);
});

test("a step n/N goes on over the epochs, and another N with it begins another training", async () => {
  const training = (n: number, run: number): string =>
    lines(n, (i) => {
      const ends = (i + 1) % 6 === 0 ? `\nEpoch ${(i + 1) / 6}/${n / 6} -- avg loss ${loss(i, run)}` : "";
      return `  step ${50 * (i + 1)}/${50 * n + 7} | loss ${loss(i, run)} | lr ${(3e-4 / (i + 1)).toExponential(2)}${ends}`;
    });
  const logs = await read(training(18, 0) + training(36, 1) + training(18, 2));
  const step = (i: number): number => 50 * (i + 1);
  expect(logs.map((log) => points(log, "loss"))).toEqual([
    falls(18, 0, step),
    falls(36, 1, step),
    falls(18, 2, step),
  ]);
});

test("a bar of files that is longer than the trainings takes no step from them", async () => {
  const training = (run: number): string =>
    lines(300, (i) => `${i} /300`) +
    lines(20, (i) => `[${i + 1},    70] Training loss (Running): ${loss(i, run)}`);
  const logs = await read(training(0) + training(1));
  expect(logs.map((log) => points(log, "loss"))).toEqual([0, 1].map((run) => falls(20, run, (i) => i + 1)));
});

test("of a loss and its mean since the epoch began the loss is read", async () => {
  let sum = 0;
  const [log] = await read(
    lines(120, (i) => {
      sum = i % 40 === 0 ? 0 : sum;
      sum += Number(loss(i));
      return `Epoch ${Math.floor(i / 40)}, Batch ${(i % 40) + 1}, Global step ${i + 1}: avg_loss: ${(sum / ((i % 40) + 1)).toFixed(4)}; batch loss: ${loss(i)}`;
    }),
  );
  expect(points(log, "loss")).toEqual(falls(120, 0, (i) => i + 1));
});

test("programs that wrote at once are doubted where nothing tells their lines apart", async () => {
  const greeting = ["Rule: mean", "Clients: 40", "Model: cnn", "Batch: 64", "Rate: 0.04", "Device: cuda"];
  const [log] = await read(
    greeting.map((line) => `${line}\n`.repeat(3)).join("") +
      lines(90, (i) => `Averaged Train Loss: ${loss(Math.floor(i / 3), i % 3)}`),
  );
  expect([log!.objective, ...noteIds(log)]).toEqual(expect.arrayContaining(["unclear", "doubtful-reading"]));
  const [alone] = await read(
    greeting.map((line) => `${line}\n`).join("") + lines(90, (i) => `Averaged Train Loss: ${loss(i)}`),
  );
  expect(alone!.objective).toBe("loss");
});

test("a training that is called again and again is doubted; trainings that begin anew are not", async () => {
  const calls = (at: (call: number, i: number) => number): Promise<RunLog[]> =>
    read(
      lines(
        6,
        (call) => `round ${call}\n${lines(5, (i) => `Epoch ${i + 1}/5 - loss: ${loss(at(call, i))}`)}`,
      ),
    );
  expect((await calls((call, i) => 5 * call + i)).map((log) => log.objective)).toEqual(
    Array(6).fill("unclear"),
  );
  expect((await calls((call, i) => call / 9 + i)).map((log) => log.objective)).toEqual(Array(6).fill("loss"));
});
