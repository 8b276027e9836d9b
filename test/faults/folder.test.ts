/** A run folder that somebody changed between two sessions, or that the disk did: found, named, and gone on with where it can be. */
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadRun } from "../../src/predict/node-load-run.ts";
import { restoreCheckpoint } from "../../src/train/checkpoint.ts";
import type { StateTensor } from "../../src/train/program.ts";
import { decodeSafeTensors } from "../../src/train/safetensors.ts";
import { folder, steepest } from "../cli/steepest.ts";

const run = {
  name: "t",
  data: { source: "lesson-logistic" },
  model: { kind: "mlp", hidden: [3] },
  optimizer: { name: "adam", lr: 0.05 },
  batchSize: 32,
  steps: 40,
  validation: 0.25,
  checkpointEvery: 10,
};
const FILES = ["metrics.jsonl", "checkpoint-last.safetensors", "checkpoint-best.safetensors"];

/** A finished run of 40 steps in runs/t-1. */
async function finished(): Promise<{ cwd: string; at: (name: string) => string }> {
  const cwd = folder();
  writeFileSync(join(cwd, "run.json"), JSON.stringify(run));
  expect(await steepest(["train", "run.json", "--json", "--no-plots"], { cwd })).toMatchObject({ code: 0 });
  return { cwd, at: (name) => join(cwd, "runs/t-1", name) };
}
const resume = (cwd: string, ...more: string[]): ReturnType<typeof steepest> =>
  steepest(["train", "runs/t-1", "--resume", "--json", "--no-plots", ...more], { cwd });

describe("a flipped bit in a checkpoint", () => {
  test("any one is found before the state is touched", async () => {
    const { at } = await finished();
    const whole = readFileSync(at("checkpoint-last.safetensors"));
    const { tensors } = decodeSafeTensors(whole, "x");
    const state = [...tensors.values()].map(({ name, shape, values }): StateTensor => {
      const dtype = values instanceof Int32Array ? "int32" : "float32";
      return { name: `param.${name}`, shape, dtype, values: values.slice().fill(9) };
    });
    restoreCheckpoint(whole, state, "x");
    for (const { values } of state) values.fill(9);
    const passed: number[] = [];
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      try {
        restoreCheckpoint(bytes, state, "x");
        passed.push(bit);
      } catch (error) {
        expect(error).toMatchObject({ name: "SteepestError" });
      }
    }
    expect(passed).toEqual([]);
    expect(state.every(({ values }) => values.every((v) => v === 9))).toBe(true);
  });

  test("is named with its tensor, and the best checkpoint goes on to the same end", async () => {
    const { cwd, at } = await finished();
    const before = FILES.map((name) => readFileSync(at(name)));
    const bytes = Buffer.from(before[1]!);
    bytes[bytes.length - 1]! ^= 4;
    writeFileSync(at("checkpoint-last.safetensors"), bytes);
    const { code, stderr } = await resume(cwd);
    expect(stderr).toMatch(
      /error\[checkpoint-damaged\]: the file is damaged: tensor "[\w.]+" is not as it was written/,
    );
    expect(stderr).toMatch(/--resume --from best/);
    expect(code).toBe(2);
    expect(await resume(cwd, "--from", "best")).toMatchObject({ code: 0 });
    FILES.forEach((name, i) => {
      expect(readFileSync(at(name)).equals(before[i]!), name).toBe(true);
    });
  });

  test("a checkpoint without checksums, as older versions and PyTorch write it, is read", () => {
    const header = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"format":"x"}}';
    const bytes = Buffer.alloc(8 + header.length + 4);
    bytes.writeBigUInt64LE(BigInt(header.length));
    bytes.write(header, 8);
    expect([...decodeSafeTensors(bytes, "x").tensors.keys()]).toEqual(["a"]);
  });
});

describe("run.json edited between", () => {
  test("the difference is named, and --force goes on with it", async () => {
    const { cwd, at } = await finished();
    const text = readFileSync(at("run.json"), "utf8");
    writeFileSync(at("run.json"), text.replace('"seed": 42', '"seed": 43'));
    const { code, stderr } = await resume(cwd, "--steps", "50");
    expect(stderr).toMatch(
      /error\[resume-differs\]: seed was 42 when the checkpoint was written and is 43 now/,
    );
    expect(stderr).toMatch(/help: .*--force/);
    expect(code).toBe(2);
    const forced = await resume(cwd, "--steps", "50", "--force");
    expect(forced.stderr).toMatch(/note: seed was 42 .* is 43 now/);
    expect(forced.code).toBe(0);
    // what was forced holds from now on
    expect(await resume(cwd, "--steps", "60")).toMatchObject({ code: 0 });
  });

  test("--force takes settings from flags too, and run.json says so", async () => {
    const { cwd, at } = await finished();
    expect(await resume(cwd, "--steps", "50", "--optimizer.lr", "0.01")).toMatchObject({ code: 2 });
    expect(await resume(cwd, "--steps", "50", "--optimizer.lr", "0.01", "--force")).toMatchObject({
      code: 0,
    });
    expect(JSON.parse(readFileSync(at("run.json"), "utf8"))).toMatchObject({ optimizer: { lr: 0.01 } });
  });

  test.each([
    ["--from best", ["--from", "best"]],
    ["--force", ["--force"]],
  ])("%s without --resume is refused", async (_, flags) => {
    const { cwd } = await finished();
    const { code, stderr } = await steepest(["train", "run.json", ...flags], { cwd });
    expect(stderr).toMatch(/error\[usage\]: --\w+ needs --resume/);
    expect(code).toBe(2);
  });
});

describe("metrics.jsonl changed between", () => {
  test.each([
    ["cut inside a line", 700],
    ["emptied", 0],
  ])("%s: it is said, and the run goes on", async (_, size) => {
    const { cwd, at } = await finished();
    truncateSync(at("metrics.jsonl"), size);
    const { code, stderr, stdout } = await resume(cwd, "--steps", "50");
    expect(stderr).toMatch(/warning: metrics\.jsonl was shortened: its lines .* to (step )?40 are gone/);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ steps: 50, status: "done" });
    const lines = readFileSync(at("metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toHaveProperty("schema");
    expect(lines.at(-1)).toMatchObject({ step: 50 });
    // and is whole again for the next time
    expect((await resume(cwd, "--steps", "60")).stderr).not.toMatch(/shortened/);
  });

  test("lines that hold no JSON are left out and said", async () => {
    const { cwd, at } = await finished();
    const bytes = readFileSync(at("metrics.jsonl"));
    bytes.fill(0, 400, 420);
    writeFileSync(at("metrics.jsonl"), bytes);
    const resumed = await resume(cwd, "--steps", "50");
    expect(resumed.code).toBe(0);
    const line = bytes.subarray(0, 400).filter((byte) => byte === 10).length + 1;
    expect(resumed.stderr).toContain(`metrics.jsonl was changed: line ${line} is not as the run wrote it`);
    const { stderr, code } = await steepest(["diagnose", "runs/t-1"], { cwd });
    expect(stderr).not.toMatch(/internal|run\.json/);
    expect(code).toBe(0);
  });
});

describe("a run that stopped before its first checkpoint", () => {
  test("begins at step 0, and ends as one that did not stop", async () => {
    const { cwd, at } = await finished();
    const before = FILES.map((name) => readFileSync(at(name)));
    for (const name of FILES.slice(1)) rmSync(at(name));
    writeFileSync(at("metrics.jsonl"), '{"schema":"steepest.metr');
    const { code, stderr } = await resume(cwd);
    expect(stderr).toMatch(/note: the run stopped before its first checkpoint: it begins at step 0/);
    expect(code).toBe(0);
    FILES.forEach((name, i) => {
      expect(readFileSync(at(name)).equals(before[i]!), name).toBe(true);
    });
  });

  test("steps without a checkpoint are not thrown away", async () => {
    const { cwd, at } = await finished();
    rmSync(at("checkpoint-last.safetensors"));
    const size = statSync(at("metrics.jsonl")).size;
    const { code, stderr } = await resume(cwd);
    expect(stderr).toMatch(/error\[checkpoint-missing\].*\nhelp: .*--from best/);
    expect(code).toBe(2);
    expect(statSync(at("metrics.jsonl")).size).toBe(size);
    copyFileSync(at("checkpoint-best.safetensors"), at("checkpoint-last.safetensors"));
    mkdirSync(at("sharded/last-40"), { recursive: true });
    writeFileSync(at("sharded/last-40/progress.json"), "{}");
    const parts = await resume(cwd);
    expect(parts.stderr).toMatch(/error\[checkpoint-parts\].*\nhelp: .*python3 sharded\.py runs\/t-1/);
    expect(parts.code).toBe(2);
    // predictions from the older whole one would be silently worse
    await expect(loadRun(at("."))).rejects.toMatchObject({ id: "checkpoint-parts" });
    rmSync(at("sharded"), { recursive: true });
    expect(await resume(cwd)).toMatchObject({ code: 0 });
  });
});
