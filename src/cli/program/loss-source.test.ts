import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createLossSource } from "./loss-source.ts";

test("a program that prints held-out losses alone is judged by them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "steepest-loss-"));
  const output = join(folder, "output.log");
  const losses = [0.16383, 0.1447, 0.08195, 0.0511, 0.0523, 0.0402, 0.0379, 0.0349];
  const lines = losses.map((loss, i) => `Epoch ${i + 1} of 8: held-out squared error ${loss.toFixed(5)}\n`);
  writeFileSync(output, lines.join(""));
  const found = await createLossSource({ output, folder, paths: undefined }).look({ all: true });
  rmSync(folder, { recursive: true });
  expect(found?.loss.name).toBe("held-out squared error");
  expect([...found!.loss.values]).toEqual(losses);
});
