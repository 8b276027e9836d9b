import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeCheckpoint, type Progress, restoreCheckpoint } from "./checkpoint.ts";
import type { StateTensor } from "./program.ts";
import { decodeSafeTensors, encodeSafeTensors } from "./safetensors.ts";

const state = (): StateTensor[] => [
  {
    name: "param.0.weight",
    shape: [2, 3],
    dtype: "float32",
    values: Float32Array.of(1, -0, 3.5, Number.NaN, 1e-45, 7),
  },
  { name: "buffer.1.runningMean", shape: [1], dtype: "float64", values: Float64Array.of(0.1) },
  { name: "optimizer.step", shape: [], dtype: "int32", values: Int32Array.of(-5) },
];
const progress: Progress = {
  step: 7,
  seed: 42,
  epochLoss: [0.1 + 0.2, 3],
  lastLoss: Number.POSITIVE_INFINITY,
  best: { loss: 0.25, step: 5 },
  metricsBytes: 123,
  schedule: { best: Number.NaN, bad: 2 },
  position: { epoch: 2, row: 64 },
};

test("a checkpoint gives back every bit and every number", () => {
  const bytes = encodeCheckpoint(state(), progress);
  const fresh = state().map((t) => ({ ...t, values: t.values.slice().fill(9) }));
  expect(restoreCheckpoint(bytes, fresh, "x")).toEqual(progress);
  const bits = (tensors: readonly StateTensor[]): number[][] =>
    tensors.map((t) => [...new Uint8Array(t.values.buffer, t.values.byteOffset, t.values.byteLength)]);
  expect(bits(fresh)).toEqual(bits(state()));
});

test("the bytes are those of the safetensors format, read without our code", () => {
  // layout from the format's description: u64 header length, JSON, data at the offsets the header gives
  const bytes = Buffer.from(
    encodeSafeTensors([{ name: "a", shape: [2], values: Float32Array.of(1, 2) }], { k: "v" }),
  );
  const length = Number(bytes.readBigUInt64LE(0));
  expect(length % 8).toBe(0);
  expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toEqual({
    __metadata__: { k: "v" },
    a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
  });
  expect([bytes.readFloatLE(8 + length), bytes.readFloatLE(12 + length)]).toEqual([1, 2]);
  expect(bytes.length).toBe(16 + length);
});

const python = ((): boolean => {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import safetensors.numpy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!python)("Hugging Face's safetensors reads it (skipped where it is not installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "steepest-"));
  try {
    writeFileSync(join(folder, "c.safetensors"), encodeCheckpoint(state(), progress));
    const script = "import sys, safetensors.numpy as s; print(sorted(s.load_file(sys.argv[1])))";
    const out = execFileSync("/usr/bin/python3", ["-c", script, join(folder, "c.safetensors")]).toString();
    expect(out.trim()).toBe("['0.weight', '1.runningMean', 'optimizer.step']");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("every truncation is noticed, and nothing is set", () => {
  const bytes = encodeCheckpoint(state(), progress);
  for (let n = 0; n < bytes.length; n += 3) {
    const fresh = state();
    fresh[2]!.values[0] = 77;
    expect(() => restoreCheckpoint(bytes.subarray(0, n), fresh, "x")).toThrow(
      expect.objectContaining({ id: "checkpoint-truncated" }),
    );
    expect(fresh[2]!.values[0]).toBe(77);
  }
});

test.each([
  ["text", Buffer.from("this is a text file, not tensors at all")],
  [
    "a header that is no JSON",
    Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("{{{{{{{{")]),
  ],
  ["a header that is a list", Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("[]")])],
])("%s is called no safetensors file", (_, bytes) => {
  expect(() => decodeSafeTensors(bytes, "x")).toThrow(expect.objectContaining({ id: "checkpoint-format" }));
});

test("tensors of another program, or of none, are refused by name and shape", () => {
  const bytes = encodeCheckpoint(state(), progress);
  const other = state().map((t, i) => (i === 0 ? { ...t, shape: [3, 2] } : t));
  expect(() => restoreCheckpoint(bytes, other, "x")).toThrow(/0\.weight is \[2, 3\] there and \[3, 2\] here/);
  expect(() => restoreCheckpoint(bytes, state().slice(1), "x")).toThrow(/also has a tensor 0\.weight/);
  const plain = encodeSafeTensors([{ name: "0.weight", shape: [1], values: Float32Array.of(1) }], {});
  expect(() => restoreCheckpoint(plain, state(), "x")).toThrow(
    expect.objectContaining({ id: "checkpoint-format" }),
  );
});
