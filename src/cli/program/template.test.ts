import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { commandAt, createTemplate } from "./template.ts";

test("how to train at the rate that was found: the command, its settings file or its environment", () => {
  const at = (command: readonly string[], overrides: readonly string[] = []): string =>
    commandAt(createTemplate(command, overrides), { lr: 0.004, seed: 7 });
  expect(at(["python", "train.py", "--lr={lr}", "{seed}", "{out}"])).toBe(
    "python train.py --lr=0.004 7 {out}",
  );
  expect(at(["./train", "x"])).toBe("STEEPEST_LR=0.004 ./train x");

  const folder = mkdtempSync(join(tmpdir(), "steepest-template-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "config.yaml");
  writeFileSync(file, "optim:\n  lr: 1\nseed: 2\n");
  expect(at(["./train", file], ["optim.lr: {lr}", "seed: {seed}"])).toBe(
    `./train ${file}, with optim.lr: 0.004 in ${file}`,
  );
});
