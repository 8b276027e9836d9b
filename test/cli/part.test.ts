/** `find-lr --part K/N -- COMMAND`: jobs of a scheduler make the trainings, and `--resume` joins them. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { cellsOf } from "../../src/cli/search/part.ts";
import type { ProgramFindLr } from "../../src/cli/search/report.ts";
import { examples, folder, steepest } from "./steepest.ts";

const cluster = join(examples, "cluster/");
const TRAINER = `
const [lr, seed] = process.argv.slice(2).map(Number);
let x = 1;
for (let step = 0; step < 200; step++) {
  console.log("step " + step + " loss " + (x * x + 0.001 * lr * lr * (1 + ((step * 7 + seed) % 5))).toPrecision(6));
  x -= lr * x;
}
`;
// says how it was started, and runs the rest here
const SRUN = '#!/bin/sh\necho "$1" >>srun.log\nshift\nexec "$@"\n';

const terminal = undefined as never;
const quiet = true;

test("parts have every training of the grid once", () => {
  const settings = [
    { set: { opt: "a" }, root: "a" },
    { set: { opt: "b" }, root: "b" },
  ];
  const cells = cellsOf({ terminal, quiet, lr: 0.01, from: 0.002, to: 0.05, seeds: 2 }, settings);
  expect(cells.filter((c) => c.root === "a" && c.seed === 0).map((c) => c.rate)).toEqual([
    0.0025, 0.005, 0.01, 0.02, 0.04,
  ]);
  expect(cells).toHaveLength(20);
  expect(cellsOf({ terminal, quiet }, settings)).toHaveLength(54);
});

test("parts by a launcher, joined by --resume: what is there is not run again", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "train.mjs"), TRAINER);
  writeFileSync(join(cwd, "srun"), SRUN, { mode: 0o755 });
  const search = (...flags: string[]): ReturnType<typeof steepest> =>
    steepest(
      [
        ...[
          "find-lr",
          "--quiet",
          "--json",
          "--out",
          "all",
          "--lr",
          "0.1",
          "--seeds",
          "2",
          "--jobs",
          "4",
          ...flags,
        ],
        ...["--launcher", "./srun --gpus=1", "--", process.execPath, "train.mjs", "{lr}", "{seed}"],
      ],
      { cwd },
    );
  const parts = await Promise.all([search("--part", "1/2"), search("--part", "2/2")]);
  const made = parts.flatMap(({ stdout }) => (JSON.parse(stdout) as { trials: { lr: number }[] }).trials);
  expect(made).toHaveLength(18);
  const outputs = (): Map<string, number> =>
    new Map(
      readdirSync(join(cwd, "all"))
        .filter((name) => /^lr-.*\d$/.test(name))
        .map((name) => [name, statSync(join(cwd, "all", name, "output.log")).mtimeMs]),
    );
  const before = outputs();
  expect(before.size).toBe(18);
  const { code, stdout, stderr } = await search("--resume");
  expect([code, stderr]).toEqual([0, ""]);
  const { suggestion } = JSON.parse(stdout) as ProgramFindLr;
  // the loss shrinks by (1 - lr)² a step: one step at lr 1, and noise above
  expect(suggestion).toBeGreaterThan(0.04);
  expect(suggestion).toBeLessThan(1.7);
  const after = outputs();
  for (const [name, written] of before) expect([name, after.get(name)]).toEqual([name, written]);
  expect(new Set(readFileSync(join(cwd, "srun.log"), "utf8").trim().split("\n"))).toEqual(
    new Set(["--gpus=1"]),
  );
  expect((await search("--part", "3/2")).stderr).toMatch(/write 1\/8 to 8\/8/);
});

test("the templates: Slurm's runs with a stand-in, Kubernetes' and Ray's are well formed", () => {
  const cwd = folder();
  writeFileSync(join(cwd, "srun"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  const bash = (env: object): string[] =>
    spawnSync("bash", [`${cluster}search.slurm`], {
      encoding: "utf8",
      env: { PATH: `${cwd}:${process.env["PATH"]}`, SLURM_SUBMIT_DIR: "/work", ...env },
    }).stdout.split("\n");
  const part = bash({ SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_MAX: "27" });
  expect(part.slice(0, 8)).toEqual([
    "steepest",
    "find-lr",
    "--part",
    "3/27",
    "--out",
    "/work/search",
    "--",
    "python",
  ]);
  const join_ = bash({ JOIN: "1" });
  expect(join_.slice(0, 5)).toEqual(["steepest", "find-lr", "--resume", "--out", "/work/search"]);
  const [job] = parseAllDocuments(readFileSync(`${cluster}search.yaml`, "utf8"));
  expect(job!.errors).toEqual([]);
  const { spec } = job!.toJS() as {
    spec: {
      completions: number;
      completionMode: string;
      template: { spec: { containers: { args: string[] }[] } };
    };
  };
  expect(spec.completionMode).toBe("Indexed");
  const { stdout } = spawnSync(
    "sh",
    ["-c", spec.template.spec.containers[0]!.args[0]!.replace("exec", "echo")],
    {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], JOB_COMPLETION_INDEX: "26" },
    },
  );
  expect(stdout).toBe(
    `steepest find-lr --part ${spec.completions}/${spec.completions} --out /results/search -- python train.py --lr {lr} --seed {seed} --out {out}\n`,
  );
  const parse = "import ast, sys; ast.parse(open(sys.argv[1]).read())";
  expect(spawnSync("python3", ["-c", parse, `${cluster}search_ray.py`], { encoding: "utf8" }).stderr).toBe(
    "",
  );
});
