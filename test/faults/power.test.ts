/** The short form of `test/faults/power-cuts.ts`, and what its disk must lose for it to mean anything. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { randomFrom } from "../robust/fuzz/mutate.ts";
import { buildRecorder, createRecordedDisk } from "./journal.ts";
import { FILES, powered, RUN } from "./power.ts";
import { createVolatileDisk, PLACE, PowerCut } from "./volatile-disk.ts";

test("a run that loses power at any place, and again while it goes on, ends as if it had not", async () => {
  const { operations, trial } = await powered();
  let cuts = 0;
  for (let place = 0; place < operations; place++) cuts += await trial(place, 7, 3);
  expect(cuts).toBeGreaterThan(operations);
});

test("what a real process has written when it ends is synced, by the calls that it makes of the system", ({
  skip,
}) => {
  const folder = mkdtempSync(join(tmpdir(), "steepest-power-"));
  const recorder = buildRecorder(folder);
  if ("reason" in recorder) return skip(recorder.reason);
  writeFileSync(join(folder, "run.json"), JSON.stringify({ ...RUN, backend: "wasm" }));
  const { root, disk, run } = createRecordedDisk(folder, recorder.library);
  const place = join(root, PLACE);
  const launcher = fileURLToPath(new URL("../cli/launch.js", import.meta.url));
  const { code, calls } = run([launcher, "train", "run.json", "--out", place, "--no-plots"]);
  expect(code).toBe(0);
  expect(calls).toBeGreaterThan(50);
  // nothing but what was synced is left
  disk.restart({ ...randomFrom(1), below: () => 0 });
  for (const file of ["run.json", ...FILES])
    expect(disk.io.readFileSync(join(PLACE, file))).toEqual(readFileSync(join(place, file)));
});

/** What is left of a file that was written by `write` after power failed, over many draws. */
function left(write: (disk: ReturnType<typeof createVolatileDisk>) => void): Set<string> {
  const seen = new Set<string>();
  for (let seed = 0; seed < 2000; seed++) {
    const disk = createVolatileDisk();
    disk.io.mkdirSync(PLACE);
    write(disk);
    disk.restart(randomFrom(seed));
    seen.add(disk.io.existsSync(`${PLACE}/a`) ? disk.io.readFileSync(`${PLACE}/a`, "latin1") : "nothing");
  }
  return seen;
}

test("the disk loses what was not synced, in part or whole", () => {
  const seen = left(({ io }) => {
    const file = io.openSync(`${PLACE}/a`, "w");
    io.writeSync(file, Buffer.from("abc"));
    io.closeSync(file);
  });
  expect([...seen]).toEqual(expect.arrayContaining(["nothing", "", "abc", "ab", "a\0\0"]));
});

test("the disk keeps a synced file of a synced folder", () => {
  const seen = left(({ io }) => {
    const file = io.openSync(`${PLACE}/a`, "w");
    io.writeSync(file, Buffer.from("abc"));
    io.fsyncSync(file);
    for (const path of [PLACE, "/"]) io.fsyncSync(io.openSync(path, "r"));
  });
  expect([...seen]).toEqual(["abc"]);
});

test("power that fails stops every operation after it", () => {
  const { io, cutAfter } = createVolatileDisk();
  cutAfter(1);
  io.mkdirSync(PLACE);
  expect(() => io.mkdirSync(`${PLACE}/b`)).toThrow(PowerCut);
});
