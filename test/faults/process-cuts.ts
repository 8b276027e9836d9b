/**
 * `npx jiti test/faults/process-cuts.ts [trials] [cuts] [seed]`: the built command trains with a recorder below it
 * (`journal.c`, by LD_PRELOAD), power fails before a drawn call, what was not synced is lost, and `--resume` goes on, where power
 * fails again, at most `cuts` times. Each run must end byte for byte as the one that was not cut off, and none that was begun
 * may be gone. Exit 1 where one does not. Linux with a C compiler.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomFrom } from "../robust/fuzz/mutate.ts";
import { buildRecorder, createRecordedDisk } from "./journal.ts";
import { FILES, RUN } from "./power.ts";
import { PLACE, type VolatileDisk } from "./volatile-disk.ts";

const steepest = fileURLToPath(new URL("../../bin/steepest.js", import.meta.url));
const [trials = 100, cuts = 3, seed = 1] = process.argv.slice(2).map(Number);

const home = mkdtempSync(join(tmpdir(), "steepest-cuts-"));
const recorder = buildRecorder(home);
if ("reason" in recorder) throw new Error(recorder.reason);
const { library } = recorder;
const random = randomFrom(seed);

/** Trains until it is done, power failing where `draw` says: calls of all sessions, and what the folder holds. */
function trial(
  name: string,
  draw: (session: number) => number | undefined,
): { sessions: number; calls: number; files: Buffer[] } {
  const folder = mkdtempSync(join(home, `${name}-`));
  writeFileSync(join(folder, "run.json"), JSON.stringify({ ...RUN, backend: "wasm" }));
  const { root, disk, run, restore } = createRecordedDisk(folder, library);
  const place = join(root, PLACE);
  let begun = false;
  let calls = 0;
  for (let session = 0; ; session++) {
    const there = existsSync(join(place, "run.json"));
    if (begun && !there) throw new Error(`${name}: a run that was begun is no longer there`);
    if (!there) clear(disk.io, restore);
    const args = there ? ["train", place, "--resume"] : ["train", "run.json", "--out", place];
    const ended = run([steepest, ...args, "--no-plots"], draw(session));
    calls += ended.calls;
    if (ended.code === 0) {
      const files = FILES.map((file) => readFileSync(join(place, file)));
      rmSync(folder, { recursive: true });
      return { sessions: session + 1, calls, files };
    }
    if (ended.code !== null) throw new Error(`${name}: exit code ${ended.code}: ${ended.stderr}`);
    // its settings are written before its first metrics
    begun ||= disk.io.existsSync(join(PLACE, "metrics.jsonl"));
    disk.restart(random);
    restore();
  }
}

/** Without a run.json nothing was promised yet: what else may be there is cleared away, as its user would. */
function clear(io: VolatileDisk["io"], restore: () => void): void {
  if (!io.existsSync(PLACE)) return;
  for (const name of io.readdirSync(PLACE)) io.rmSync(join(PLACE, name));
  restore();
}

const whole = trial("whole", () => undefined);
let failures = 0;
let wrong = 0;
for (let n = 0; n < trials; n++) {
  const { sessions, files } = trial(String(n), (session) =>
    session < cuts ? 1 + random.below(whole.calls) : undefined,
  );
  failures += sessions - 1;
  if (files.every((bytes, i) => bytes.equals(whole.files[i]!))) continue;
  console.log(`run ${n} is not as the one that was not cut off`);
  wrong++;
}
rmSync(home, { recursive: true });
console.log(`${trials} runs of ${whole.calls} calls lost power ${failures} times: ${wrong} differ`);
process.exitCode = wrong > 0 ? 1 : 0;
