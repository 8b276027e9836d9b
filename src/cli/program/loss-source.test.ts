import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLossSource, type FoundLoss } from "./loss-source.ts";

/** What is found in what a program has printed. */
async function foundIn(lines: readonly string[], like?: FoundLoss): Promise<FoundLoss | null> {
  const folder = mkdtempSync(join(tmpdir(), "steepest-loss-"));
  const output = join(folder, "output.log");
  writeFileSync(output, `${lines.join("\n")}\n`);
  try {
    return await createLossSource({ output, folder, paths: undefined, like }).look({ all: true });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a program that prints held-out losses alone is judged by them", async () => {
  const losses = [0.16383, 0.1447, 0.08195, 0.0511, 0.0523, 0.0402, 0.0379, 0.0349];
  const found = await foundIn(
    losses.map((loss, i) => `Epoch ${i + 1} of 8: held-out squared error ${loss.toFixed(5)}`),
  );
  expect(found?.loss.name).toBe("held-out squared error");
  expect([...found!.loss.values]).toEqual(losses);
});

test("batches' losses are taken where the epochs are few, and the same series in a trial that is not so long yet", async () => {
  const epochs = (count: number): string[] =>
    Array.from({ length: count }, (_, e) => [
      ...[0, 25, 50].map((b) => `  [${e + 1}/40] batch ${b}/75 - loss ${(2 / (1 + e + b / 75)).toFixed(4)}`),
      `Epoch ${e + 1} | Train Loss: ${(2 / (1.3 + e)).toFixed(4)} | Val Loss: ${(2.1 / (1.4 + e)).toFixed(4)}`,
    ]).flat();
  const few = await foundIn(epochs(8));
  expect(few!.loss.name).toBe("loss");
  expect(few!.loss.values.length).toBe(24);
  const many = await foundIn(epochs(40));
  expect(many!.loss.name).toBe("Train Loss");
  expect((await foundIn(epochs(8), many!))!.loss.name).toBe("Train Loss");
});
