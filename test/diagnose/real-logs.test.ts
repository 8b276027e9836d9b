/** Real logs from public repositories, against what their README says a reader sees in them. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { diagnose, diagnoseRun, type RunDiagnosis } from "../../src/diagnose/index.ts";
import { readLogPaths } from "../../src/logs/node-files.ts";
import type { RunLog } from "../../src/run/log.ts";

const read = async (name: string): Promise<RunLog> =>
  (await readLogPaths([fileURLToPath(new URL(`../logs/real/${name}`, import.meta.url))]))[0]!;
const diagnosed = async (name: string): Promise<RunDiagnosis> => diagnoseRun(await read(name));
const of = (run: RunDiagnosis, id: string) => run.findings.filter((f) => f.id === id);

describe("real logs", () => {
  it("BLOOM-176B: one recovered spike, announced by the gradient norm", async () => {
    const spikes = of(await diagnosed("01-megatron-bloom176b-recovered-spike.log"), "loss-spike");
    expect(spikes).toHaveLength(1);
    expect(spikes[0]!.evidence).toMatchObject({ peakStep: 31219, recovery: "fast", precursor: true });
    expect(spikes[0]!.evidence.precursorLead).toBeGreaterThanOrEqual(3);
  });

  it("nanoGPT: about eleven recovered spikes, and overfitting from iteration 800", async () => {
    const run = await diagnosed("03-nanogpt-recurrent-spikes-overfit.log");
    const events = of(run, "recurrent-spikes")[0]!.evidence;
    expect(events.events).toBeGreaterThanOrEqual(10);
    expect(events.events).toBeLessThanOrEqual(13);
    expect(events.recovered).toBe(events.events);
    expect(of(run, "overfitting")[0]!.evidence).toMatchObject({ bestStep: 800, lastStep: 2000 });
  });

  it("39 steps: too short for a verdict", async () => {
    expect(await diagnosed("05-wandb-binary-alpaca-39steps.wandb")).toMatchObject({
      verdict: "inconclusive",
      confidence: 0,
    });
  });

  it("epoch staircase: two stairs, not the rate's doing", async () => {
    const run = await diagnosed("06-hf-alpaca-epoch-staircase.json");
    const [first, second] = of(run, "epoch-staircase")[0]!.evidence.atSteps as number[];
    expect(Math.abs(first! - 406)).toBeLessThanOrEqual(2);
    expect(Math.abs(second! - 812)).toBeLessThanOrEqual(2);
    expect(run).toMatchObject({ verdict: "inconclusive", action: { lr: null } });
    expect(of(run, "divergence")).toEqual([]);
  });

  it("one model at three rates: ordered rightly when given together, the best pointed at", async () => {
    const names = [
      "11-csv-cs336-lr1e-4-too-low-but-smooth.csv",
      "12-csv-cs336-lr3e-3-best.csv",
      "13-csv-cs336-lr1e-2-slightly-high.csv",
    ];
    const { runs } = diagnose(await Promise.all(names.map(read)));
    expect(runs.map((r) => r.verdict)).toEqual(["too-low", "good", "slightly-high"]);
    expect(runs[0]!.action.lr!.multiply).toBeCloseTo(30, 1);
    expect(runs[2]!.action.lr!.multiply).toBeCloseTo(0.3, 2);
  });

  it("one point: inconclusive", async () => {
    expect((await diagnosed("21-tfevents-keras-tensor-scalars.v2")).verdict).toBe("inconclusive");
  });
});
