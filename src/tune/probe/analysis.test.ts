/** A probe's file made by hand: its numbers follow from the formulas. */
import { expect, test } from "vitest";
import { analyzeProbe } from "./analysis.ts";
import { parseProbe } from "./read.ts";

const head = {
  schema: "steepest.probe/1",
  optimizer: "AdamW",
  options: { betas: [0.9, 0.999] },
  groups: [{ name: "0", lr: 1e-3, parameters: 10 }],
  parameters: 10,
  accumulate: 2,
  processes: 4,
};
const measured = (step: number, more: object): object => ({
  step,
  batch_rows: 8,
  sharpness: 100,
  sharpness_error: 1,
  limit: 0.38,
  stability: 1e-3 / 0.38,
  noise_gradient_squared: 1,
  noise_trace: 64,
  ...more,
});
const text = (...rows: object[]): string => [head, ...rows].map((r) => JSON.stringify(r)).join("\n");
const analyzed = (...rows: object[]): ReturnType<typeof analyzeProbe> =>
  analyzeProbe(parseProbe(text(...rows), "p.jsonl"), "p.jsonl");

test("a step's rows are those measured, times micro-batches and processes; Adam's rate follows the root", () => {
  const rows = [1, 2, 3, 4, 5, 6].map((k) => measured(k, { noise_trace: 64 + (k % 2) }));
  const { run, noise, batches, used, limit, rule } = analyzed({ step: 1, loss: 2, lr: 1e-3 }, ...rows);
  expect(run).toMatchObject({ batch: 64, known: "adamw", steps: 6, measurements: 6, lr: 1e-3 });
  expect([limit, used]).toEqual([0.38, 1e-3 / 0.38]);
  expect(rule).toContain("P⁻¹H");
  expect(noise!.rows).toBeCloseTo((64 + 65 + 64) / 3, 1);
  expect(noise!.measurements).toBe(3);
  const b = noise!.rows!;
  const double = batches.find((row) => row.factor === 2)!;
  const grown = (1 + b / 64) / (1 + b / 128);
  expect(double).toMatchObject({ batch: 128 });
  expect(double.lr).toBeCloseTo(1e-3 * Math.sqrt(grown), 12);
  expect(double.steps).toBeCloseTo(1 / grown, 12);
});

test("a gradient lost in noise has a lower bound and no advice; one measurement says nothing", () => {
  const lost = [3, -2, 1, -2, 3, -2, 1, -1].map((g, k) => measured(k + 1, { noise_gradient_squared: g }));
  const found = analyzed(...lost);
  expect(found.noise!.interval[1]).toBeNull();
  expect(found.criticalBatchSize).toBeNull();
  expect(found.batches).toEqual([]);
  expect(analyzed(measured(1, {})).noise!.interval).toEqual([0, null]);
});

test("the later half stands for now; an unknown optimizer has no rule; nothing measured is nothing said", () => {
  const changing = [0.1, 0.1, 0.8, 0.9].map((s, k) => measured(k + 1, { stability: s }));
  expect(analyzed(...changing).used).toBeCloseTo(0.85, 12);
  const none = analyzed(
    { step: 1, loss: 1, lr: 0.1, clipped_share: 1 },
    { step: 2, loss: 1, lr: 0.1, clipped_share: 0 },
  );
  expect(none).toMatchObject({ clipped: 0.5, noise: null, used: null, stability: [], batches: [] });
  const other = text(measured(1, {})).replace("AdamW", "Sophia");
  expect(analyzeProbe(parseProbe(other, "p"), "p")).toMatchObject({ rule: null, run: { known: null } });
});

test("branches are shares of the way from the start to the lowest of them, the last where there are several", () => {
  const rows = [{ start: 3 }, { lower: 9 }, { lower: 2 }, { same: 1.5 }].map((row, k) => ({
    step: k,
    ...Object.fromEntries(Object.entries(row).map(([name, loss]) => [`branches/${name}`, loss])),
  }));
  expect(analyzed(...rows.slice(0, 3)).branches).toBeNull();
  expect(analyzed(...rows).branches).toMatchObject({ higher: null, gains: { lower: -1 / 3, higher: null } });
  const higher = analyzed(...rows, { step: 4, "branches/higher": 1 }).branches!;
  expect([higher.gains.lower, higher.gains.higher]).toEqual([-0.25, 0.25]);
});

test("a file cut in its last line is read, another file is refused, a line without a step is named", () => {
  const whole = text({ step: 1, loss: 1 }, { step: 2, loss: 1 });
  expect(parseProbe(whole.slice(0, -4), "p").rows).toHaveLength(1);
  expect(() => parseProbe('{"step":1}', "p")).toThrow(/no file of steepest_probe/);
  expect(() => parseProbe(text({ loss: 1 }, { step: 2 }), "p")).toThrow(/line 2 has no step/);
  // gone on with: a second head
  expect(parseProbe(`${whole}\n${whole}`, "p").rows).toHaveLength(4);
});
