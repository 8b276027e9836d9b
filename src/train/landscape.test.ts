import { expect, test } from "vitest";
import { memoryHost } from "../data/index.ts";
import { wasm } from "../engine/backends/wasm.ts";
import { parseRun } from "../run/parse-run.ts";
import { type BuiltRun, buildRun } from "./build.ts";
import { runLandscape } from "./landscape.ts";
import { LANDSCAPE_PLANES } from "./landscape-planes.ts";
import { flatParameters, runObjective } from "./objective.ts";

async function trained(path: Float64Array[]): Promise<BuiltRun> {
  const built = await buildRun(
    parseRun({
      name: "small",
      data: { source: "lesson-logistic" },
      loss: "bce-with-logits",
      model: { kind: "mlp", hidden: [4], activation: "tanh" },
      optimizer: { name: "sgd", lr: 0.3 },
      batchSize: 50,
      steps: 12,
      dtype: "float64",
    }),
    { host: memoryHost({}), backend: wasm },
  );
  for (let k = 0; k < 12; k++) {
    if (k % 3 === 0) path.push(flatParameters(built));
    built.advance(k, built.rate.lrAt(k));
  }
  return built;
}

test.each(LANDSCAPE_PLANES)(
  "the %s plane: the run's loss lies at its middle, and its path on it",
  async (plane) => {
    const path: Float64Array[] = [];
    const built = await trained(path);
    const before = flatParameters(built);
    const shares: number[] = [];
    const cut = (await runLandscape(built, {
      plane,
      path,
      samples: 5,
      rows: 60,
      onStep: async (share) => {
        shares.push(share);
        return true;
      },
    }))!;
    const own = runObjective(built, { rows: 60 });
    expect(cut.loss).toBeCloseTo(own.loss(), 12);
    expect([cut.rows, cut.parameters, cut.path.length]).toEqual([60, before.length, path.length + 1]);
    expect(cut.path.at(-1)!.map((v) => Math.abs(v) < 1e-12)).toEqual([true, true]);
    const { x, y, values } = cut.grid;
    for (const [a, b] of cut.path) {
      expect(a > x[0] && a < x[1]).toBe(true);
      expect(b > y[0] && b < y[1]).toBe(true);
    }
    expect(values.every((v) => v >= 0)).toBe(true);
    expect(cut.inPlane).toBeGreaterThan(plane === "path" ? 0.95 : 0);
    expect(cut.inPlane).toBeLessThanOrEqual(1);
    expect(shares.at(-1)).toBeCloseTo(1, 12);
    expect(shares).toEqual(shares.toSorted((p, q) => p - q));
    expect(flatParameters(built)).toEqual(before);
  },
);

test("ends when it is told to, and needs no path but for the path's plane", async () => {
  const built = await trained([]);
  for (const plane of ["random", "hessian"] as const) {
    expect(await runLandscape(built, { plane, rows: 20, onStep: async () => false })).toBe(null);
  }
  const cut = (await runLandscape(built, { rows: 20, samples: 3, reach: 0.5 }))!;
  expect([cut.path, cut.inPlane, cut.grid.x, cut.grid.y]).toEqual([[], null, [-0.5, 0.5], [-0.5, 0.5]]);
  expect(cut.grid.values[4]).toBe(cut.loss);
  await expect(runLandscape(built, { plane: "path" })).rejects.toMatchObject({ id: "option" });
});
