/** `steepest plan`: without processes, with real ones, and with input it can't use. */

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Plan } from "../../src/handoff/plan/plan.ts";
import { examples, folder, steepest as start, steepestAgain } from "../cli/steepest.ts";
import { torch } from "./torch.ts";

const example = (name: string): string => join(examples, name);
const steepest = (args: readonly string[]) => start(args, { cwd: folder() });
const again = (args: readonly string[]) => steepestAgain(args, { cwd: folder() });
const network = ["--bandwidth", "1e9", "--latency", "1e-4"];

test("with network and device given nothing is started, and the figures follow from them", async () => {
  const { stdout, code } = await again([
    ...["plan", example("houses.yaml"), "--processes", "1,4,16", "--gpu-flops", "1e12"],
    ...["--no-measure", "--json", ...network, "--noise-scale", "100"],
  ]);
  expect(code).toBe(0);
  const plan = JSON.parse(stdout) as Plan;
  expect(plan.schema).toBe("steepest.plan/1");
  expect(plan.rows.map((r) => [r.processes, r.globalBatch])).toEqual([
    [1, 32],
    [4, 128],
    [16, 512],
  ]);
  const [one, four] = plan.rows;
  // 1e12 flop/s at the default 40 %
  expect(one!.secondsPerStep).toBeCloseTo(plan.cost.flops.total / 0.4e12, 12);
  // 6 messages of latency for gradients, 6 for the loss; the bytes are next to nothing
  expect(four!.secondsPerStep - one!.secondsPerStep).toBeCloseTo(12e-4, 5);
  expect(plan.enough).toBe(4);
  expect(plan.measured).toEqual([]);
});

test.skipIf(torch === null)(
  "one and two real processes are timed, and the prediction for two is set beside them",
  async () => {
    const { stdout, stderr, code } = await steepest([
      ...["plan", example("lesson.json"), "--processes", "1,2,8", "--batch", "keep", "--python", torch!.path],
    ]);
    expect(stderr).toContain("timing 2 processes on 1000 rows");
    expect(code).toBe(0);
    expect(stdout).toMatch(/checked: 2 processes predicted [\d.]+ .?s a step, measured [\d.]+ .?s/);
    expect(stdout).toMatch(/^1 .* measured$/m);
    expect(stdout).toMatch(/^8 .* predicted$/m);
  },
);

describe("input it can't use", () => {
  test.each([
    [["--processes", "1,two"], '--processes has "two"'],
    [["--batch", "shrink"], "--batch is shrink"],
    [["--bandwidth", "1e9"], "only one of --bandwidth and --latency is given"],
    [["--gpu-flops", "-3"], "--gpu-flops is -3"],
    [["--gpu-flops", "1e12", "--utilisation", "2", ...network], "--utilisation is 2"],
    [["--gpu", "h1000"], "--gpu is h1000"],
    [["--gpu", "v100", "--precision", "tf32", ...network], "v100 has no tf32"],
    [["--gpu", "a100", "--gpu-flops", "1e12", ...network], "both --gpu and --gpu-flops are given"],
    [
      ["--gpu", "l4", "--per-machine", "4", ...network],
      "the link between processes of one machine is not known",
    ],
    [["--gpu", "l4", "--per-machine", "4"], "--per-machine is given without the network"],
    [["--jitter", "-1"], "--jitter is -1"],
    [["--no-measure"], "the network is neither measured nor given"],
  ])("%j", async (flags, message) => {
    const { stderr, code } = await again(["plan", example("lesson.json"), ...flags]);
    expect(stderr).toContain(message);
    expect(stderr).toContain("help: ");
    expect(code).toBe(2);
  });
});
