import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSlots } from "./slots.ts";
import { createTemplate } from "./template.ts";
import { createProgramTrials } from "./trials.ts";

// the loss falls to a third in each step, and the program waits when it has logged the first one
const PROGRAM = `for (let step = 0; step < 40; step++) {
  console.log("step " + step + " loss " + (50 * 3 ** -step + 0.01 * Number(process.argv[1])));
  if (step === 0) await new Promise((r) => setTimeout(r, 150));
}`;

test("a training that is looked at when it has logged nothing but where it begins has not run away", async () => {
  const root = mkdtempSync(join(tmpdir(), "steepest-"));
  const command = [process.execPath, "--input-type=module", "-e", PROGRAM, "{lr}"];
  const trials = await createProgramTrials(
    {
      template: createTemplate(command, []),
      root,
      slots: createSlots(1),
      pausing: "stop",
      signal: new AbortController().signal,
      paths: undefined,
      loss: undefined,
      step: undefined,
      gpus: undefined,
      steps: undefined,
    },
    { rate: 1, seed: 0 },
  );
  try {
    // the mean of the first losses, of which a tenth is far below the first
    expect(await trials.reference(10)).toBeLessThan(50 / 4);
    const other = trials.start(2, 0);
    await other.advance(10);
    expect(other.steps).toBeGreaterThanOrEqual(10);
    expect(other.scoreAt(10)).toBeLessThan(1);
  } finally {
    await trials.close();
    rmSync(root, { recursive: true, force: true });
  }
});
