/**
 * The third generator: elements of style, combined freely, by somebody who had not read the reader. `unseen/measure.ts`
 * reads as many logs as wanted; docs/logs.md has the figures of the first reading and after learning. These sixty hold
 * the shares that were reached: a log read less well shows here, and so does a misreading without a word.
 */
import { expect, test } from "vitest";
import { judge, type Outcome } from "./unseen/judge.ts";
import type { Half } from "./unseen/told.ts";
import { elementCount, write } from "./unseen/write.ts";

async function outcomes(half: Half): Promise<Record<Outcome, number>> {
  const counts: Record<Outcome, number> = { right: 0, refused: 0, doubted: 0, silent: 0 };
  for (let seed = 0; seed < 30; seed++) counts[(await judge(write(seed, half))).outcome]++;
  return counts;
}

test("logs in styles put together freely are read as well as they were", async () => {
  expect(elementCount(0) + elementCount(1)).toBeGreaterThanOrEqual(180);
  const [learnt, heldBack] = [await outcomes(0), await outcomes(1)];
  expect(learnt.right, JSON.stringify(learnt)).toBeGreaterThanOrEqual(29);
  expect(learnt.silent, JSON.stringify(learnt)).toBe(0);
  expect(heldBack.right, JSON.stringify(heldBack)).toBeGreaterThanOrEqual(28);
  expect(heldBack.silent, JSON.stringify(heldBack)).toBeLessThanOrEqual(1);
});

test("the judge sees what is read otherwise", async () => {
  const told = write(2, 0);
  expect((await judge(told)).outcome).toBe("right");
  const run = told.runs[0]!;
  const other = { ...told, runs: [{ ...run, loss: run.loss.with(3, 7) }, ...told.runs.slice(1)] };
  expect(await judge(other)).toMatchObject({ outcome: "silent", why: expect.stringContaining("loss") });
});
