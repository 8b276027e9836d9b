/** The schedule that parts of a run are trained with. */
import { describe, expect, test } from "vitest";
import { memoryHost } from "../../data/memory-host.ts";
import { wasm } from "../../engine/backends/wasm.ts";
import { parseRun } from "../../run/parse-run.ts";
import { buildRun } from "../../train/index.ts";
import { type SchedulePeak, scheduleOfParts, schedulePeak } from "./schedule-peak.ts";

const csv = `x,y\n${Array.from({ length: 40 }, (_, i) => `${Math.sin(i)},${Math.cos(i)}`).join("\n")}`;
const peakOf = async (schedule: object, steps = 1600): Promise<SchedulePeak> =>
  schedulePeak(
    await buildRun(
      parseRun({
        data: { csv: "a.csv", target: "y" },
        model: { kind: "linear" },
        optimizer: { name: "sgd", lr: 0.01, momentum: 0.9 },
        schedule,
        batchSize: 10,
        steps,
      }),
      { host: memoryHost({ "a.csv": csv }), backend: wasm },
    ),
  );
const factors = (at: SchedulePeak["at"], length = 1600): number[] =>
  Array.from({ length }, (_, k) => at(k).factor);

describe("parts of a run", () => {
  test("see the highest rate of a long warm-up after a sixteenth, and then what the run sees after it", async () => {
    const peak = await peakOf({ name: "one-cycle" });
    expect(peak.peakAt).toBeGreaterThan(450);
    expect(peak.peakAt).toBeLessThan(490);
    const parts = scheduleOfParts(peak, { totalSteps: 1600, budget: 1.5 });
    const [whole, own] = [factors(peak.at), factors(parts)];
    expect(own[0]).toBe(whole[0]);
    expect(own.indexOf(Math.max(...own))).toBe(100);
    expect(Math.max(...own)).toBe(Math.max(...whole));
    expect(own.slice(100, 1000)).toEqual(whole.slice(peak.peakAt, peak.peakAt + 900));
    // the last rate is never passed, and momentum goes along
    expect(own.at(-1)).toBe(whole.at(-1));
    expect(parts(100).momentum).toBe(peak.at(peak.peakAt).momentum);
    for (let k = 1; k <= 100; k++) expect(own[k]).toBeGreaterThan(own[k - 1]!);
  });

  test("take a short warm-up, none, or one that the budget goes beyond as it is", async () => {
    const short = await peakOf({ name: "warmup-cosine", warmupSteps: 160 });
    expect(short.peakAt).toBeGreaterThan(150);
    for (const [peak, budget] of [
      [short, 1.5],
      [await peakOf({ name: "constant" }), 1.5],
      [await peakOf({ name: "one-cycle" }), 3],
    ] as const) {
      expect(scheduleOfParts(peak, { totalSteps: 1600, budget })).toBe(peak.at);
    }
  });
});
