import { Resvg } from "@resvg/resvg-js";
import { expect, test } from "vitest";
import { emptyDocument, renderSvgInNode } from "../node-svg.ts";
import { planHeatMap, type RateMap } from "./heat-map.ts";
import { renderHeatMap } from "./heat-map-draw.ts";
import { lossByRateChart } from "./loss-by-rate.ts";

const map = (...rows: (number | null)[][]): RateMap => ({
  title: "a & b",
  lossLabel: "final loss",
  rows: rows.map((losses, i) => ({
    label: `optimizer ${i}`,
    cells: losses.map((loss, k) => ({ lr: 10 ** (k - 2), loss })),
  })),
});

test("tiles meet halfway on the log axis, the best of each row is marked, divergence has no shade", () => {
  const { rows, scale } = planHeatMap(map([3, 1, null], [2, 5, 4]), { ceiling: 3 });
  const [a, b] = rows;
  expect(a!.tiles.map((t) => [t.from, t.to].map((v) => Math.log10(v)))).toEqual(
    [[-2.5, -1.5], [-1.5, -0.5], [-0.5, 0.5]].map((ends) => ends.map((v) => expect.closeTo(v, 9))),
  ); // biome-ignore format: by tile
  expect(a!.tiles.map((t) => t.shade)).toEqual([1, 0, null]);
  expect(b!.tiles.map((t) => t.shade)).toEqual([0.5, 1, 1]);
  expect([a!.tiles.findIndex((t) => t.best), b!.tiles.findIndex((t) => t.best)]).toEqual([1, 0]);
  expect(a!.best).toBe("1 at 0.1");
  expect(scale).toEqual([1, 3]);
});

test.each(["light", "dark"] as const)("%s: marks that need no colour, and a picture", async (theme) => {
  const svg = renderHeatMap(map([3, 1, null], [null, null, null]), {
    document: await emptyDocument(),
    theme,
  });
  expect([...svg.matchAll(/class="diverged"/g)]).toHaveLength(4);
  expect([...svg.matchAll(/class="tile best"/g)]).toHaveLength(1);
  for (const word of ["★", "diverged", "learning rate", "optimizer 1", "a &amp; b"])
    expect(svg).toContain(word);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(new Resvg(svg).render().width).toBe(860);
});

test.each([
  ["one rate", [[2]]], ["nothing finite", [[null, null]]], ["equal losses", [[2, 2], [2, 2]]], ["no rows", []],
  ["negative and zero", [[-3, 0, 5]]], ["a huge range", [[1e-30, 1, 1e30]]],
])("%s can be drawn", async (_, rows) => {
  const svg = renderHeatMap(map(...(rows as (number | null)[][])), { document: await emptyDocument() });
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(() => new Resvg(svg)).not.toThrow();
}); // biome-ignore format: a table

test("loss by rate: diverged rates stand at the start's loss, and the first is named", async () => {
  const chart = lossByRateChart(map([3, 1, null], [2, 99, 4]), { start: 6 });
  expect(chart.panels[0]!.series.map((s) => s.y)).toEqual([[3, 1, 6], [2, 6, 4]]); // biome-ignore format: short
  const svg = await renderSvgInNode(chart);
  for (const word of ["optimizer 0 diverges at 1", "at the start"]) expect(svg).toContain(word);
});
