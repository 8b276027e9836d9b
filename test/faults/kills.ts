/**
 * `npx jiti test/faults/kills.ts [runs] [seed]`: the built command trains, is ended at drawn moments by kill -9, SIGTERM,
 * Ctrl-C or a closed terminal (SIGHUP), and goes on by `--resume`, where it is ended again, until it is done. Each run must
 * end byte for byte as the one that nobody ended. Exit 1 where one does not.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { randomFrom } from "../robust/fuzz/mutate.ts";

const steepest = fileURLToPath(new URL("../../bin/steepest.js", import.meta.url));
const SIGNALS = ["SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"] as const;
type Signal = (typeof SIGNALS)[number];
/** Of one run at most. */
const MAX_KILLS = 4;
const FILES = ["metrics.jsonl", "checkpoint-last.safetensors", "checkpoint-best.safetensors"];
const RUN = {
  name: "t",
  data: { source: "lesson-logistic" },
  model: { kind: "mlp", hidden: [16] },
  optimizer: { name: "adam", lr: 0.001 },
  batchSize: 16,
  steps: 60_000,
  validation: 0.25,
  checkpointEvery: 2000,
  backend: "wasm",
};

interface Session {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** One session; `kill` ends it so many milliseconds after its folder is there. */
async function session(
  args: readonly string[],
  cwd: string,
  kill?: { readonly signal: Signal; readonly after: number },
): Promise<Session> {
  const child = spawn("node", [steepest, ...args, "--no-plots"], {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const closed = once(child, "close");
  if (kill !== undefined) {
    const over = closed.then(() => true);
    while (!existsSync(join(cwd, "run")) && !(await Promise.race([over, sleep(5, false)])));
    await Promise.race([over, sleep(kill.after)]);
    child.kill(kill.signal);
  }
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
  return { code, signal, errors };
}

const begin = ["train", "run.json", "--out", "run"];
const goOn = ["train", "run", "--resume"];

async function main(runs: number, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const root = mkdtempSync(join(tmpdir(), "steepest-kills-"));
  const cwd = (name: string): string => {
    const path = mkdtempSync(join(root, name));
    writeFileSync(join(path, "run.json"), JSON.stringify(RUN));
    return path;
  };
  const whole = cwd("whole-");
  if ((await session(begin, whole)).code !== 0) throw new Error("the run does not end by itself");
  const expected = FILES.map((name) => readFileSync(join(whole, "run", name)));
  const kills = new Map<Signal, number>(SIGNALS.map((signal) => [signal, 0]));
  let wrong = 0;
  for (let run = 0; run < runs; run++) {
    const place = cwd("run-");
    const folder = join(place, "run");
    let done = false;
    for (let n = 0; !done; n++) {
      const begun = existsSync(join(folder, "run.json"));
      // without a run.json nothing was promised yet
      if (!begun) rmSync(folder, { recursive: true, force: true });
      const signal = SIGNALS[random.below(SIGNALS.length)]!;
      const kill = n < MAX_KILLS ? { signal, after: random.below(2 ** (4 + random.below(9))) } : undefined;
      const { code, signal: by, errors } = await session(begun ? goOn : begin, place, kill);
      if (kill !== undefined && code !== 0) kills.set(signal, kills.get(signal)! + 1);
      const asked = kill !== undefined && (by === signal || code === 130);
      if (code !== 0 && !asked) {
        console.log(`run ${run}: exit ${code ?? by}: ${errors.slice(-400)}`);
        wrong++;
        break;
      }
      done = code === 0;
    }
    const differ = done
      ? FILES.filter((name, i) => !readFileSync(join(folder, name)).equals(expected[i]!))
      : [];
    if (differ.length > 0) {
      console.log(`run ${run}: ${differ.join(" and ")} differ`);
      wrong++;
    }
  }
  rmSync(root, { recursive: true });
  const counts = [...kills].map(([signal, count]) => `${count} by ${signal}`).join(", ");
  console.log(
    `${runs} runs ended ${[...kills.values()].reduce((a, b) => a + b)} times (${counts}): ${wrong} are not as the one that nobody ended`,
  );
  process.exitCode = wrong > 0 ? 1 : 0;
}

const [runs = 20, seed = 1] = process.argv.slice(2).map(Number);
await main(runs, seed);
