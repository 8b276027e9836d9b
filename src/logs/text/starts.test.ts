import { expect, test } from "vitest";
import type { RunLog } from "../../run/log.ts";
import { readLog } from "../index.ts";

const read = (text: string): Promise<RunLog[]> =>
  readLog(new TextEncoder().encode(text), { source: "starts.log" });
const points = (logs: readonly RunLog[]): number[] => logs.map((log) => log.series[0]!.values.length);

/** Falls from 3 to about 0.6, with a little noise of its own. */
const loss = (i: number): string => (0.5 + 2.5 * Math.exp(-i / 8) + 0.02 * Math.sin(7 * i)).toFixed(4);
const rows = (n: number, line: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => line(i)).join("\n");

test("a date alone on its line tells runs apart where the loss is back at its beginning", async () => {
  const part = (day: number): string =>
    `202407${day}-101824\n${rows(20, (i) => `loss ${loss(i)} kl ${loss(i + 3)}`)}\n`;
  expect(points(await read(part(19) + part(20) + part(21)))).toEqual([20, 20, 20]);
});

test("the same line tells nothing where the loss goes on", async () => {
  const part = (day: number): string =>
    `202407${day}-101824\n${rows(20, (i) => `loss ${loss((day - 19) * 20 + i)} kl 0.1`)}\n`;
  expect(points(await read(part(19) + part(20) + part(21)))).toEqual([60]);
});

test("a line at each epoch starts no run where the epoch goes on, and one where it does not", async () => {
  const epoch = (k: number): string =>
    `begin\n${rows(12, (i) => `Epoch ${k} loss ${loss(12 * k + i)} x 1.5`)}\n`;
  const run = [0, 1, 2].map(epoch).join("");
  expect(points(await read(run + run + run))).toEqual([36, 36, 36]);
  const cut = epoch(0);
  expect(points(await read(cut + cut + cut + run))).toEqual([12, 12, 12, 36]);
});

test("a bar that runs on beyond its N counts on, epoch after epoch", async () => {
  const bar = (k: number): string =>
    [1, 2, 3, 4, 5, 6]
      .map(
        (i) =>
          `${
            i <= 4
              ? `Epoch ${k}: ${i * 25}%|##| ${i}/4 [00:0${i}<00:03, 1.2s/it, `
              : `Epoch ${k}: ${i}it [00:0${i}, 1.2s/it, `
          }loss=${loss(6 * k + i)}]`,
      )
      .join("\n");
  const logs = await read(`${[1, 2, 3, 4, 5].map(bar).join("\n")}\n`);
  expect(logs).toHaveLength(1);
  expect([...logs[0]!.series[0]!.steps]).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
});

test("a step and an epoch that both begin again are another run, however well its loss goes on", async () => {
  const run = (from: number, epochs: number): string =>
    rows(
      24,
      (i) =>
        `Epoch: ${Math.floor(i / (24 / epochs))}/${epochs}, step: ${(i + 1) * 100}, loss: ${loss(from + i)}`,
    );
  const logs = await read(`${run(0, 12)}\n${run(24, 8)}\n${run(48, 6)}\n`);
  expect(points(logs)).toEqual([24, 24, 24]);
});

test("what is measured at the end of a run stays with it", async () => {
  const run = `prepare\n${rows(20, (i) => `loss ${loss(i)} kl 0.5`)}\nfinished\nTest accuracy: 0.91\n`;
  const logs = await read(run + run + run);
  expect(points(logs)).toEqual([20, 20, 20]);
});

test("a bar drawn anew at 0 under the last epoch's name is no step back", async () => {
  const bar = (k: number): string => {
    const line = (epoch: number, n: number): string =>
      `Epoch ${epoch}: ${n * 25}%|##| ${n}/4 [00:0${n}<${n > 0 ? "00:03, 1.2" : "?, ?"}it/s, v_num=3, train_loss=${loss(5 * k + n)}]`;
    return [...[1, 2, 3, 4].map((n) => line(k, n)), line(k, 0), line(k + 1, 0)].join("\n");
  };
  const logs = await read(`${[0, 1, 2, 3, 4].map(bar).join("\n")}\n`);
  expect(logs).toHaveLength(1);
  expect(Math.max(...logs[0]!.series[0]!.steps)).toBe(20);
});

test("a percentage is no step, and epochs above each loss are the clock", async () => {
  const run = `${rows(20, (i) => `Epoch ${i + 1}\n  took 31.0 secs\n  loss = ${loss(i)}, accuracy = 0.${30 + i}`)}
${rows(20, (i) => `  ${5 * (i + 1)} % of all data have been processed...`)}
`;
  const logs = await read(run + run);
  expect(points(logs)).toEqual([20, 20]);
  expect([...logs[1]!.series[0]!.steps]).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});
