/** docs/use.md as a session: its files are written, its commands run, their output compared. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadRun } from "../../src/predict/node-load-run.ts";
import { decodeSafeTensors, encodeSafeTensors } from "../../src/train/safetensors.ts";
import { folder, steepest } from "../cli/steepest.ts";
import { openOnnx } from "../handoff/onnxruntime.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/use.md"), "utf8");

/** Three digits of every fraction: the last ones are the machine's. */
const rounded = (text: string): string =>
  text.replace(/-?\d+\.\d+/g, (x) => String(Number(Number(x).toPrecision(3))));

/** `…` stands for any lines. */
function matches(output: string, shown: string): void {
  const parts = rounded(shown).split(/^…$/m);
  const pattern = parts.map((p) => p.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[\\s\\S]*");
  expect(rounded(output)).toMatch(new RegExp(`^${pattern}$`));
}

test("docs/use.md", async () => {
  const cwd = folder();
  let commands = 0;
  for (const [, info, body] of page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)) {
    const [kind, file] = info!.split(" ");
    if (file !== undefined) writeFileSync(join(cwd, file), body!);
    if (kind !== "console") continue;
    const [line, ...shown] = body!.split("\n");
    const { stdout, stderr } = await steepest(line!.replace("$ steepest ", "").split(" "), { cwd });
    matches(stdout + stderr, shown.join("\n"));
    commands++;
  }
  expect(commands).toBe(6);
  const model = await loadRun(join(cwd, "runs/flats-1"));
  const [flat] = model.predict([{ area: 60, district: "harbour", floor: 2 }]);
  const printed = /"prediction":([\d.]+)/.exec(page)![1]!;
  expect(flat!.prediction).toBeCloseTo(Number(printed), 0);
  const onnx = await openOnnx(readFileSync(join(cwd, "flats.onnx")));
  const { rent } = await onnx.run({
    area: { values: Float32Array.of(60), shape: [1, 1] },
    district: { values: ["harbour"], shape: [1, 1] },
    floor: { values: Float32Array.of(2), shape: [1, 1] },
  });
  expect(Number(rent!.data[0]) / (flat!.prediction as number)).toBeCloseTo(1, 5);
});

test("a folder without the description is read with its training data; without that the remedy is said", async () => {
  const cwd = folder();
  for (const [, file, body] of page.matchAll(/^```\w+ (flats\.\w+|test\.csv)\n([\s\S]*?)^```$/gm))
    writeFileSync(join(cwd, file!), body!);
  await steepest(["train", "flats.json", "--quiet", "--no-plots", "--epochs", "20"], { cwd });
  const evaluate = async (): Promise<string> =>
    (await steepest(["evaluate", "runs/flats-1", "test.csv", "--json"], { cwd })).stdout;
  const described = await evaluate();
  const checkpoint = join(cwd, "runs/flats-1/checkpoint-best.safetensors");
  const { tensors, metadata } = decodeSafeTensors(readFileSync(checkpoint), checkpoint);
  // neither the description nor the checksums that came later
  const { model: _, crc32: __, headerCrc32: ___, ...older } = metadata;
  writeFileSync(checkpoint, encodeSafeTensors([...tensors.values()], older));
  expect(await evaluate()).toBe(described);
  writeFileSync(join(cwd, "flats.csv"), "");
  const { code, stderr } = await steepest(["evaluate", "runs/flats-1", "test.csv"], { cwd });
  expect(code).toBe(2);
  expect(stderr).toMatch(/flats\.csv/);
});
