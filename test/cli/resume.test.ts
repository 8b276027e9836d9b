/** A run that is killed and resumed is the run that was never killed, byte for byte. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { hasCompiler } from "../conformance/backends.ts";
import { folder, type Running, start, steepest } from "./steepest.ts";

// 100 rows in batches of 32: a last partial batch; dropout draws random numbers; Adam and momentum carry state
const run = {
  name: "toy",
  data: { source: "lesson-logistic" },
  model: { kind: "mlp", hidden: [8], dropout: 0.2 },
  optimizer: { name: "adamw", lr: 0.01 },
  schedule: { name: "warmup-cosine", warmupSteps: 20 },
  clip: { globalNorm: 0.5 },
  batchSize: 32,
  steps: 200,
  validation: 0.25,
  checkpointEvery: 10,
};

function runIn(cwd: string, settings: object): string {
  const file = join(cwd, "toy.json");
  writeFileSync(file, JSON.stringify(settings));
  return file;
}

const files = ["metrics.jsonl", "checkpoint-last.safetensors", "checkpoint-best.safetensors"];
const contents = (path: string): Buffer[] => files.map((f) => readFileSync(join(path, f)));

/** Waits until the run has logged a step at or past `step`; fails when it ends before. */
async function reached({ child, finished }: Running, metrics: string, step: number): Promise<void> {
  while (child.exitCode === null) {
    const last = existsSync(metrics) ? readFileSync(metrics, "utf8").trimEnd().split("\n").at(-1) : undefined;
    if (Number(/"step":(\d+)/.exec(last ?? "")?.[1] ?? 0) >= step) return;
    await sleep(10);
  }
  throw new Error(`the run never reached step ${step}: ${(await finished).stderr}`);
}

const backends = ["wasm", ...(hasCompiler ? ["native"] : []), "reference"];
test.each(backends)("200 steps = 100, kill -9, 100 more, on the %s backend", async (backend) => {
  const whole = folder();
  const settings = { ...run, backend };
  expect(await steepest(["train", runIn(whole, settings), "--json"], { cwd: whole })).toMatchObject({
    code: 0,
  });

  const cut = folder();
  // more steps than the test waits for, so that the kill comes in the middle; the file itself asks for 200
  const file = runIn(cut, settings);
  const running = start(["train", file, "--checkpointEvery", "1"], { cwd: cut });
  await reached(running, join(cut, "runs/toy-1/metrics.jsonl"), 100);
  running.child.kill("SIGKILL");
  expect((await running.finished).signal).toBe("SIGKILL");
  const metrics = join(cut, "runs/toy-1/metrics.jsonl");
  expect(readFileSync(metrics, "utf8")).not.toContain('"step":200');

  const resumed = await steepest(["train", file, "--resume", "--json"], { cwd: cut });
  expect(resumed).toMatchObject({ code: 0 });
  expect(JSON.parse(resumed.stdout)).toMatchObject({ steps: 200, status: "done" });
  const [a, b] = [contents(join(whole, "runs/toy-1")), contents(join(cut, "runs/toy-1"))];
  files.forEach((name, i) => {
    expect(a[i]!.equals(b[i]!), name).toBe(true);
  });
  expect(existsSync(join(cut, "runs/toy-1/run.lock"))).toBe(false);
});

test.runIf(hasCompiler)(
  "a run goes on with the backend that it was begun on; another one is told",
  async () => {
    const cwd = folder();
    const file = runIn(cwd, { ...run, steps: 20 });
    expect((await steepest(["train", file, "--backend", "native"], { cwd })).code).toBe(0);
    const same = await steepest(["train", file, "--resume", "--steps", "30"], { cwd });
    expect(same.stderr).toContain("backend native");
    expect(same.stderr).not.toContain("numbers agree to rounding");
    const other = await steepest(["train", "runs/toy-1", "--resume", "--steps", "40", "--backend", "wasm"], {
      cwd,
    });
    expect(other.stderr).toContain(
      "this run was begun on the native backend and goes on on wasm: numbers agree to rounding, not bit for bit",
    );
    expect(other.code).toBe(0);
  },
);

test.each(["SIGINT", "SIGHUP"] as const)(
  "%s finishes the step, writes a checkpoint and exits 130; the run goes on to the same end",
  async (signal) => {
    const cwd = folder();
    const file = runIn(cwd, { ...run, steps: 100_000, backend: "reference", checkpointEvery: undefined });
    const running = start(["train", file], { cwd });
    await reached(running, join(cwd, "runs/toy-1/metrics.jsonl"), 50);
    running.child.kill(signal);
    const { code, stdout } = await running.finished;
    expect(code).toBe(130);
    expect(stdout).toContain("--resume");
    expect(statSync(join(cwd, "runs/toy-1/checkpoint-last.safetensors")).size).toBeGreaterThan(0);
    const lines = readFileSync(join(cwd, "runs/toy-1/metrics.jsonl"), "utf8").trimEnd().split("\n");
    const step = (JSON.parse(lines.at(-1)!) as { step: number }).step;
    const more = await steepest(
      ["train", "runs/toy-1", "--resume", "--steps", String(step + 100), "--json"],
      {
        cwd,
      },
    );
    expect(more.stderr).toContain("going on at step");
    expect(JSON.parse(more.stdout)).toMatchObject({ steps: step + 100, status: "done" });
  },
);

test("a second process in the same run folder is refused and harms nothing", async () => {
  const cwd = folder();
  const file = runIn(cwd, { ...run, steps: 100_000, backend: "reference" });
  const running = start(["train", file], { cwd });
  await reached(running, join(cwd, "runs/toy-1/metrics.jsonl"), 10);
  const second = await steepest(["train", "runs/toy-1", "--resume"], { cwd });
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(/error\[run-in-use\].*process \d+/);
  running.child.kill("SIGINT");
  expect((await running.finished).code).toBe(130);
});
