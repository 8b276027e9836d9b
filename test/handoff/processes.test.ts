/** Real torchrun, real processes: equal to one process, survives a death, comes back to the embedded engine. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folder, start, steepest } from "../cli/steepest.ts";
import { checkpoint, difference, type MetricsLine, metricsOf, torch } from "./torch.ts";

const record = {
  name: "two",
  data: { source: "lesson-logistic" },
  model: { kind: "mlp", hidden: [8], activation: "tanh" },
  loss: "bce-with-logits",
  optimizer: { name: "lamb", lr: 0.01, weightDecay: 0.01 },
  schedule: { name: "warmup-cosine", warmupSteps: 5 },
  clip: { globalNorm: 1 },
  batchSize: 50,
  steps: 60,
  dtype: "float64",
  validation: 0.15,
  checkpointEvery: 20,
};

function runFile(changes: object = {}): { cwd: string; file: string } {
  const cwd = folder();
  const file = join(cwd, "run.json");
  writeFileSync(file, JSON.stringify({ ...record, ...changes }));
  return { cwd, file };
}

const train = (file: string, ...flags: string[]): string[] => [
  "train",
  file,
  "--no-plots",
  "--json",
  ...flags,
];
const torchrun = ["--engine", "torch", "--device", "cpu"];
const linesOf = (path: string): MetricsLine[] => metricsOf(readFileSync(join(path, "metrics.jsonl"), "utf8"));
const trainingSteps = (lines: readonly MetricsLine[]): number[] =>
  lines.filter((l) => "loss" in l).map((l) => l.step);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** The processes that run train.py for this folder, by Linux's /proc. */
function workersOf(path: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      const file = `/proc/${entry}/cmdline`;
      const words = existsSync(file) ? readQuietly(file).split("\0") : [];
      return (
        words.some((w) => w.endsWith("train.py")) &&
        words.includes(path) &&
        !words.includes("torch.distributed.run")
      );
    })
    .map(Number);
}

/** A process may end between the look and the read. */
function readQuietly(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((r) => setTimeout(r, 20));
}

describe.skipIf(torch === null)("torchrun", () => {
  test("two processes make the steps of one, and the run goes back and forth between the engines", async () => {
    const { cwd, file } = runFile();
    const theirs = await steepest(train(file, "--out", "two", ...torchrun, "--nproc", "2", "--steps", "30"), {
      cwd,
    });
    expect(theirs.stderr).toContain("2 processes");
    expect(theirs.code).toBe(0);
    const document = JSON.parse(theirs.stdout) as { steps: number; backend: string; diagnosis: object };
    expect(document).toMatchObject({ schema: "steepest.train/1", status: "done", steps: 30 });
    // PyTorch → embedded engine: 15 steps; and back, with one process
    const embedded = await steepest(["train", "two", "--resume", "--steps", "45", "--json", "--no-plots"], {
      cwd,
    });
    expect(embedded.code).toBe(0);
    const back = await steepest(
      ["train", "two", "--resume", "--steps", "60", "--json", "--no-plots", ...torchrun],
      { cwd },
    );
    expect(back.code).toBe(0);
    // a schedule of 30 steps is not one of 60: the same three legs on the embedded engine are the measure
    const legs = join(cwd, "legs");
    expect((await steepest(train(file, "--out", legs, "--steps", "30"), { cwd })).code).toBe(0);
    expect(
      (await steepest(["train", legs, "--resume", "--steps", "45", "--json", "--no-plots"], { cwd })).code,
    ).toBe(0);
    expect(
      (await steepest(["train", legs, "--resume", "--steps", "60", "--json", "--no-plots"], { cwd })).code,
    ).toBe(0);
    expect(difference(checkpoint(legs), checkpoint(join(cwd, "two")))).toBeLessThan(1e-9);
    expect(trainingSteps(linesOf(join(cwd, "two")))).toEqual(upTo(60));
  });

  test("a worker killed in mid-run: the run goes on from the checkpoint and its metrics have each step once", async () => {
    const { cwd, file } = runFile({ steps: 600 });
    const { finished } = start(train(file, "--out", "killed", ...torchrun, "--nproc", "2"), { cwd });
    const out = join(cwd, "killed");
    let victim = 0;
    let at = 0;
    await until(() => {
      const metrics = existsSync(join(out, "metrics.jsonl"))
        ? readFileSync(join(out, "metrics.jsonl"), "utf8")
        : "";
      at = metrics.includes("\n{")
        ? (metricsOf(metrics.slice(0, metrics.lastIndexOf("\n"))).at(-1)?.step ?? 0)
        : 0;
      victim = at > 70 ? (workersOf(out)[1] ?? 0) : 0;
      return victim !== 0;
    });
    process.kill(victim, "SIGKILL");
    const { code, stderr } = await finished;
    expect(code).toBe(0);
    const resumed = Number(/going on at step (\d+)/.exec(stderr)?.[1]);
    expect(resumed % 20).toBe(0);
    // at most the steps since the last checkpoint are made again, and those that were under way
    expect(resumed).toBeGreaterThanOrEqual(at - (at % 20) - 20);
    expect(trainingSteps(linesOf(out))).toEqual(upTo(600));
    const undisturbed = await steepest(train(file, "--out", "whole"), { cwd });
    expect(undisturbed.code).toBe(0);
    expect(difference(checkpoint(join(cwd, "whole")), checkpoint(out))).toBeLessThan(1e-6);
  });

  test("kill -9 of steepest ends the workers too; Ctrl-C finishes the step, writes a checkpoint and exits with 130; the run can go on", async () => {
    const { cwd, file } = runFile({ steps: 200_000, checkpointEvery: undefined, logEvery: 100 });
    const metrics = join(cwd, "stopped", "metrics.jsonl");
    const logged = (): number => (existsSync(metrics) ? readFileSync(metrics, "utf8").split("\n").length : 0);
    const first = start(train(file, "--out", "stopped", ...torchrun), { cwd });
    await until(() => logged() > 4);
    expect(workersOf(join(cwd, "stopped"))).toHaveLength(1);
    first.child.kill("SIGKILL");
    await first.finished;
    // by the test's own limit; before, they ran on for their 200,000 steps
    await until(() => workersOf(join(cwd, "stopped")).length === 0);
    const { child, finished } = start(["train", "stopped", "--resume", "--json", "--no-plots", ...torchrun], {
      cwd,
    });
    await until(() => workersOf(join(cwd, "stopped")).length === 1);
    const kept = logged();
    await until(() => logged() > kept);
    child.kill("SIGINT");
    const { code, stdout } = await finished;
    expect(code).toBe(130);
    const { steps, status } = JSON.parse(stdout) as { steps: number; status: string };
    expect(status).toBe("interrupted");
    const on = await steepest(
      ["train", "stopped", "--resume", "--steps", String(steps + 7), "--json", "--no-plots"],
      { cwd },
    );
    expect(on.code).toBe(0);
    expect(JSON.parse(on.stdout)).toMatchObject({ steps: steps + 7, status: "done" });
  });

  test("a loss that becomes NaN is reported as the embedded engine reports it", async () => {
    const { cwd, file } = runFile({
      data: { source: "lesson-least-squares" },
      loss: "mse",
      optimizer: { name: "sgd", lr: 1e200 },
      schedule: "constant",
      clip: undefined,
    });
    const { code, stderr } = await steepest(train(file, "--out", "nan", ...torchrun), { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /error\[non-finite\]: .* at step \d+ \(lr 1e\+?200\)\nhelp: try a smaller learning rate/,
    );
  });
});

describe("bad input is refused before anything starts", () => {
  const refusal = async (...flags: string[]): Promise<string> => {
    const { cwd, file } = runFile();
    const { code, stderr, stdout } = await steepest(train(file, "--out", "x", ...flags), { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(existsSync(join(cwd, "x"))).toBe(false);
    return stderr;
  };

  test.skipIf(torch === null)("a batch that does not divide by the processes", async () => {
    expect(await refusal("--engine", "torch", "--nproc", "4")).toBe(
      "error[batch-divide]: a batch of 50 rows does not divide by 4 processes\nhelp: use --batchSize 48 or 52, or 2 processes\n",
    );
  });

  test("a busy port", async () => {
    const server: Server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, () => resolve((server.address() as { port: number }).port)),
    );
    const text = await refusal("--engine", "torch", "--rdzv-endpoint", `localhost:${port}`);
    server.close();
    expect(text).toMatch(
      /^error\[port-busy\]: port \d+ is in use by another program.*\nhelp: choose another port/,
    );
  });

  test("an absent host, a Python that is none, one without PyTorch, stray flags", async () => {
    expect(
      await refusal("--engine", "torch", "--nnodes", "2", "--rdzv-endpoint", "no-such-host.invalid:29400"),
    ).toMatch(/^error\[host-missing\]: there is no host no-such-host\.invalid, at --rdzv-endpoint\nhelp: /);
    expect(await refusal("--engine", "torch", "--python", "/no/python")).toMatch(
      /^error\[python-missing\]: there is no Python \/no\/python that can be started\nhelp: install Python 3/,
    );
    const bare = join(folder(), "python");
    writeFileSync(bare, "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n", {
      mode: 0o755,
    });
    expect(await refusal("--engine", "torch", "--python", bare)).toBe(
      `error[torch-missing]: ${bare} has no PyTorch\nhelp: install it: pip install torch numpy (Debian: apt-get install python3-torch), or name another Python with --python\n`,
    );
    const old = join(folder(), "python");
    writeFileSync(old, `#!/bin/sh\necho '{"torch":"1.8.1","python":[3,8],"gpus":0,"distributed":true}'\n`, {
      mode: 0o755,
    });
    expect(await refusal("--engine", "torch", "--python", old)).toMatch(
      /^error\[torch-old\]: .* has PyTorch 1\.8\.1; 1\.13 or later is needed/,
    );
    expect(await refusal("--nproc", "2")).toBe(
      "error[usage]: --nproc is for PyTorch\nhelp: add --engine torch, or leave it out\n",
    );
    expect(await refusal("--engine", "torhc")).toMatch(/there is no engine "torhc"/);
    expect(await refusal("--engine", "torch", "--nnodes", "4:2")).toMatch(/--nnodes is 4:2/);
    expect(await refusal("--engine", "torch", "--nnodes", "2")).toMatch(
      /several machines need a place to meet/,
    );
  });
});

describe("export", () => {
  test("names the operation that PyTorch does not have", async () => {
    const { cwd, file } = runFile({ model: { module: join(import.meta.dirname, "folding-model.ts") } });
    const { code, stderr } = await steepest(["export", file, "--to", "torch", "--out", "p"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error\[handoff-operation\]: PyTorch has no counterpart of the operation foldWindows/,
    );
  });

  test.skipIf(torch === null)(
    "a project runs by itself, goes on from its checkpoint, and diagnose reads it",
    async () => {
      const { cwd, file } = runFile({ steps: 20 });
      const exported = await steepest(["export", file, "--to", "torch", "--out", "p", "--json"], { cwd });
      expect(exported.code).toBe(0);
      const { files } = JSON.parse(exported.stdout) as { files: { path: string; bytes: number }[] };
      for (const name of [
        "train.py",
        "model.py",
        "README.md",
        "job.slurm",
        "job.yaml",
        "initial.safetensors",
      ])
        expect(files.find((f) => f.path === name)?.bytes).toBeGreaterThan(0);
      const text =
        readFileSync(join(cwd, "p", "README.md"), "utf8") + readFileSync(join(cwd, "p", "job.yaml"), "utf8");
      expect(text).not.toMatch(/\{\{|undefined/);
      const output = execFileSync(torch!.path, ["p/train.py"], { cwd, encoding: "utf8" });
      expect(JSON.parse(output)).toMatchObject({ status: "done", step: 20 });
      // its own options: a schedule by formula, other batches, and a checkpoint that says so
      const changed = [
        "--lr",
        "0.2",
        "--steps",
        "6",
        "--batch-size",
        "25",
        "--schedule",
        "cosine",
        "--warmup",
        "2",
      ];
      const own = ["p/train.py", "--quiet", "--out", "changed", ...changed];
      // first beside a project.json of another version's, which is refused
      const script = [
        "import sys, train, arguments",
        "sys.argv = sys.argv[1:]",
        "known, arguments.SCHEMA = arguments.SCHEMA, 'steepest.torch/0'",
        "assert train.main() == 2",
        "arguments.SCHEMA = known",
        "sys.exit(train.main())",
      ].join("\n");
      const { status, stderr } = spawnSync(torch!.path, ["-c", script, ...own], {
        cwd,
        encoding: "utf8",
        env: { ...process.env, PYTHONPATH: join(cwd, "p") },
      });
      expect(status).toBe(0);
      expect(stderr).toMatch(
        /^error\[project-schema\]: project\.json is of the form steepest\.torch\/2, and the files beside it read steepest\.torch\/0\nhelp: export the run again/,
      );
      const rates = linesOf(join(cwd, "changed")).flatMap((l) => ("loss" in l ? [l["lr"] as number] : []));
      const cosine = [0, 1, 2, 3].map((k) => 0.1 * (1 + Math.cos((Math.PI * k) / 4)));
      expect(rates).toHaveLength(6);
      for (const [k, rate] of [0.1, 0.2, ...cosine].entries()) expect(rates[k]).toBeCloseTo(rate, 12);
      const last = readFileSync(join(cwd, "changed/checkpoint-last.safetensors"), "latin1");
      expect(last).toContain('\\"batchSize\\":25');
      const on = await steepest(["train", "p", "--resume", "--steps", "25", "--json", "--no-plots"], { cwd });
      expect(on.code).toBe(0);
      expect(trainingSteps(linesOf(join(cwd, "p")))).toEqual(upTo(25));
      const again = await steepest(["export", file, "--out", "p"], { cwd });
      expect(again.stderr).toMatch(/^error\[export-folder\]: the folder p is not empty/);
    },
  );
});
