/** Charts as people get them: lines that are there, text that is readable, pictures that are not blank. */
import { expect, test } from "vitest";
import { lossChart, scheduleChart } from "../src/plot/index.ts";
import { renderPng } from "../src/plot/node-png.ts";
import { renderSvgInNode } from "../src/plot/node-svg.ts";
import { sketch } from "../src/plot/sketch.ts";
import type { RunLog, Series } from "../src/run/log.ts";

const series = (role: Series["role"], values: number[]): Series => ({
  name: role,
  role,
  steps: Float64Array.from(values.keys()),
  values: Float64Array.from(values),
});
const log = (values: number[]): RunLog => ({
  source: "run.csv",
  format: "csv",
  run: null,
  stepUnit: "step",
  series: [
    series("loss", values),
    series(
      "validation",
      values.slice(0, 20).map((v) => v + 0.1),
    ),
  ],
  notes: [],
  meta: {},
});
const falling = Array.from({ length: 300 }, (_, i) => 2 * Math.exp(-i / 80) + 0.05 * Math.sin(i));

/** Coordinates in all paths of the picture: a curve of n points has about n pairs. */
const pathNumbers = (svg: string): number =>
  [...svg.matchAll(/ d="([^"]+)"/g)].reduce((n, m) => n + m[1]!.split(/[ML,]/).length, 0);

test("a loss curve is drawn, with axis labels, a legend and its title as text", async () => {
  const svg = await renderSvgInNode(lossChart(log(falling)));
  expect(svg).toMatch(/^<svg[^>]* xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(pathNumbers(svg)).toBeGreaterThan(300);
  for (const word of ["step", "loss", "validation", "training"]) expect(svg).toContain(word);
});

test("a schedule's picture is a PNG of the size asked for, neither blank nor full", async () => {
  const lrs = Array.from({ length: 100 }, (_, k) => Math.min(1, k / 10) * (1 - k / 100));
  const { bytes } = await renderPng(scheduleChart([{ name: "triangle", lrs }]));
  expect([...bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  expect(header.getUint32(16)).toBeGreaterThan(400);
  const { Resvg } = await import("@resvg/resvg-js");
  const svg = await renderSvgInNode(scheduleChart([{ name: "triangle", lrs }]));
  const { pixels } = new Resvg(svg, { font: { loadSystemFonts: false } }).render();
  let inked = 0;
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i]! < 200) inked++;
  expect(inked / (pixels.length / 4)).toBeGreaterThan(0.001);
  expect(inked / (pixels.length / 4)).toBeLessThan(0.2);
});

test.each([
  ["no points", []],
  ["one point", [1]],
  ["nothing finite", [Number.NaN, Number.POSITIVE_INFINITY, Number.NaN]],
  ["a constant", [3, 3, 3]],
  ["a huge range", [1e-300, 1, 1e300]],
  ["negative values", [-3, 2, -1e9]],
])("%s can be drawn", async (_, values) => {
  const chart = lossChart(log(values));
  expect(await renderSvgInNode(chart)).toContain("</svg>");
  expect(sketch(chart)).not.toContain("NaN");
});

test("the dark theme is dark", async () => {
  const chart = lossChart(log(falling));
  const [light, dark] = [
    await renderSvgInNode(chart, { theme: "light" }),
    await renderSvgInNode(chart, { theme: "dark" }),
  ];
  expect(dark).not.toBe(light);
});
