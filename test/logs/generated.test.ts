/** Logs in random styles are read exactly, or refused or doubted in words. `generated/measure.ts` counts thousands. */
import { describe, expect, test } from "vitest";
import { compare } from "./generated/compare.ts";
import { elements, generate } from "./generated/generate.ts";
import { readGenerated } from "./generated/measure.ts";

test("styles are made of at least 60 elements, and a seed makes the same log", () => {
  expect(elements()).toBeGreaterThanOrEqual(60);
  expect(generate(3)).toEqual(generate(3));
  expect(generate(3).text).not.toBe(generate(4).text);
});

test("600 logs in styles put together at random: at least 99 % exactly, at most one silently wrong", async () => {
  const failures: string[] = [];
  let silent = 0;
  for (let seed = 0; seed < 600; seed++) {
    const { text, truth } = generate(seed);
    const { outcome, why } = compare(await readGenerated(text), truth);
    if (outcome === "wrong") silent++;
    if (outcome !== "right") failures.push(`${seed} ${truth.style[0]} ${outcome}: ${why}`);
  }
  expect(failures.length, failures.join("\n")).toBeLessThanOrEqual(6);
  expect(silent).toBeLessThanOrEqual(1);
});

describe("what changes nothing", () => {
  const seeds = Array.from({ length: 60 }, (_, i) => 20_000 + i);
  const unchanged = async (change: (text: string) => string): Promise<void> => {
    for (const seed of seeds) {
      const { text, truth } = generate(seed);
      if (compare(await readGenerated(text), truth).outcome !== "right") continue;
      expect(compare(await readGenerated(change(text)), truth), `seed ${seed}`).toMatchObject({
        outcome: "right",
      });
    }
  };
  test("line ends of Windows", () => unchanged((text) => text.replace(/\r?\n/g, "\r\n")));
  test("colours", () =>
    unchanged((text) => text.replace(/[^\r\n]+/g, (line) => `\u001b[1m${line}\u001b[0m`)));
  test("a missing last line end", () => unchanged((text) => text.replace(/\s+$/, "")));
});

test("the comparison finds a wrong value, a missing series and a wrong step", async () => {
  const seed = Array.from({ length: 100 }, (_, i) => i).find(
    (i) => generate(i).truth.runs[0]!.loss.steps.length >= 8,
  )!;
  const { text, truth } = generate(seed);
  const logs = (await readGenerated(text))!;
  expect(compare(logs, truth).outcome).toBe("right");
  const [run] = truth.runs;
  const bent = (values: number[], steps: number[]): typeof truth => ({
    ...truth,
    runs: [{ ...run!, loss: { values, steps } }, ...truth.runs.slice(1)],
  });
  const { values, steps } = run!.loss;
  expect(compare(logs, bent([...values.slice(1), 0], steps)).outcome).toBe("wrong");
  expect(
    compare(
      logs,
      bent(
        values,
        steps.map((s, i) => (i === 1 ? s + 1 : s)),
      ),
    ).outcome,
  ).toBe("wrong");
  expect(
    compare(
      logs.map((log) => ({
        ...log,
        series: log.series.filter((s) => s.role !== "loss" && s.role !== "validation"),
      })),
      truth,
    ).outcome,
  ).toBe("refused");
});

test("what is no training gives no curve", async () => {
  const lines = Array.from({ length: 40 }, (_, i) => i);
  const texts = [
    lines.map((i) => `item ${i}: price ${(10 + (i % 7) * 1.5).toFixed(2)}, weight ${(i % 5) / 4} kg`),
    lines.map((i) => `Collecting package${i}==1.${i}.0 (${i * 3 + 1} kB)`),
    lines.map(
      (i) =>
        `2024-03-05 10:00:${String(i).padStart(2, "0")} GET /index.html 200 ${512 + (i % 9)} ${(i % 11) / 10}ms`,
    ),
  ];
  for (const text of texts) expect(await readGenerated(text.join("\n")), text[0]).toBeNull();
});
