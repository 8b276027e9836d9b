import { Resvg } from "@resvg/resvg-js";
import { describe, expect, test } from "vitest";
import type { RunLog, Series } from "../run/log.ts";
import { resolveAxis } from "./axis.ts";
import type { Chart, LinePanel, LineSeries } from "./chart.ts";
import { lossChart, type SketchOptions, scheduleChart, sketch, themes } from "./index.ts";
import { renderPng } from "./node-png.ts";
import { savePlot } from "./node-save.ts";
import { renderSvgInNode } from "./node-svg.ts";
import { showTick, showValue } from "./numbers.ts";
import { debiasedEma, gapsOf, thin } from "./smooth.ts";

const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);
const chartOf = (y: readonly number[], more: Partial<LineSeries> = {}): Chart => ({
  title: "t",
  panels: [
    {
      kind: "lines",
      x: { label: "step" },
      y: { label: "loss", scale: "auto" },
      series: [{ name: "a", x: range(y.length), y, ...more }],
    },
  ],
});
const series = (name: string, role: Series["role"], values: number[], every = 1): Series => ({
  name,
  role,
  steps: Float64Array.from(values, (_, k) => (k + 1) * every),
  values: Float64Array.from(values),
});
const logOf = (...all: Series[]): RunLog => ({
  source: "here",
  format: "steepest",
  run: null,
  stepUnit: "step",
  series: all,
  notes: [],
  meta: { name: "a & b <c>", optimizer: "adam", lr: 0.002, batchSize: 64 },
});
const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map((m) => m[1]!);
const count = (svg: string, name: string): number =>
  [...svg.matchAll(new RegExp(`class="${name}"`, "g"))].length;

describe("numbers", () => {
  test.each([
    [0.1, "0.1"], [1234, "1230"], [12345, "12,300"], [1e-7, "10⁻⁷"], [-2.5e-7, "−2.5×10⁻⁷"], [1e300, "10³⁰⁰"],
    [Number.NaN, "NaN"], [Number.NEGATIVE_INFINITY, "−∞"], [0, "0"], [0.0123456, "0.0123"],
  ])("%d is %s", (x, shown) => expect(showValue(x)).toBe(shown)); // biome-ignore format: a table

  test("ticks of one axis have the same decimals", () => {
    expect([0, 0.05, 0.1].map((x) => showTick(x, 0.05))).toEqual(["0", "0.05", "0.10"]);
    expect(showTick(2e-7, 1e-7)).toBe("2×10⁻⁷");
    expect(showTick(20000, 10000)).toBe("20,000");
  });

  test("log axes: powers of ten, never SI letters", () => {
    const wide = resolveAxis({ label: "lr", scale: "log" }, [1e-7, 10]);
    expect(wide.ticks.map(wide.format)).toEqual(expect.arrayContaining(["10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]));
    const decades = resolveAxis({ label: "loss", scale: "log" }, [0.01, 3]);
    expect(decades.ticks.map(decades.format)).toEqual(["0.01", "0.1", "1"]);
    expect(decades.minor).toContain(0.05);
  });

  test("an auto axis is logarithmic from a factor of 30, and never for values that are not positive", () => {
    expect(resolveAxis({ label: "", scale: "auto" }, [1, 31]).type).toBe("log");
    expect(resolveAxis({ label: "", scale: "auto" }, [1, 29]).type).toBe("linear");
    expect(resolveAxis({ label: "", scale: "auto" }, [0, 1000]).type).toBe("linear");
  });
});

describe("curves", () => {
  // by hand from s = w·s + (1−w)·x, divided by 1 − wᵗ, with w = 0.6: 0.4/0.4, (0.24+0.8)/0.64, (0.624+1.2)/0.784
  test("the moving average is without bias", () => {
    const got = debiasedEma([1, 2, Number.NaN, 3], 0.6);
    expect(got[2]).toBeNaN();
    for (const [i, x] of [[0, 1], [1, 1.625], [3, 1.824 / 0.784]] as const) expect(got[i]).toBeCloseTo(x, 12); // biome-ignore format: a table
  });

  test("thinning a million points keeps the ends, the extremes and the gaps", () => {
    const y = range(1e6).map((k) => Math.sin(k / 5e4));
    y[123_456] = 50;
    y[654_321] = -50;
    y[777_777] = Number.NaN;
    const kept = thin(range(1e6), y, { columns: 800 });
    expect(kept.length).toBeLessThan(5 * 801);
    expect(kept).toEqual(
      expect.arrayContaining([
        [123_456, 50],
        [654_321, -50],
        [777_777, Number.NaN],
      ]),
    );
    expect([kept[0]![0], kept.at(-1)![0]]).toEqual([0, 999_999]);
    expect(kept.every(([x], i) => i === 0 || x >= kept[i - 1]![0])).toBe(true);
  });

  test("non-finite stretches are counted", () => {
    const nan = Number.NaN;
    expect(gapsOf([5, 6, 7, 8], [nan, 1, nan, Number.POSITIVE_INFINITY])).toEqual([
      { from: 5, to: 5, count: 1, value: nan },
      { from: 7, to: 8, count: 2, value: nan },
    ]);
  });
});

describe("svg", () => {
  const noisy = range(400).map((k) => 2 * Math.exp(-k / 60) + 0.01 + 0.01 * Math.sin(k * 7));
  const run = logOf(
    series("loss", "loss", noisy),
    series("val", "validation", [1, 0.5, 0.2, 0.1], 100),
    series(
      "lr",
      "lr",
      noisy.map((_, k) => 0.002 * (1 - k / 400)),
    ),
  );

  test("a loss chart shows its title, settings, axes, legend, curves and findings", async () => {
    const svg = await renderSvgInNode(
      lossChart(run, { findings: [{ id: "loss-spike", severity: "warning", steps: [50, 90] }] }),
    );
    const root = /^<svg[^>]*>/.exec(svg)![0];
    for (const part of ['xmlns="http://www.w3.org/2000/svg"', 'width="860"', 'height="590"'])
      expect(root).toContain(part);
    const shown = texts(svg);
    expect(shown).toEqual(
      expect.arrayContaining([
        "a &amp; b &lt;c&gt;",
        "loss",
        "learning rate",
        "step",
        "validation",
        "loss spike",
        "0.1",
        "100",
      ]),
    );
    expect(
      shown.some((t) =>
        t.startsWith("adam, lr 0.002, batches of 64 · least validation loss 0.1 at step 400"),
      ),
    ).toBe(true);
    expect([count(svg, "series"), count(svg, "raw"), count(svg, "range"), count(svg, "points")]).toEqual([
      3, 1, 1, 1,
    ]);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("the same chart is the same bytes", async () => {
    expect(await renderSvgInNode(lossChart(run))).toBe(await renderSvgInNode(lossChart(run)));
  });

  test("two series differ in colour, dash and marker", async () => {
    const svg = await renderSvgInNode(lossChart(run));
    const [a, b] = [...svg.matchAll(/<g [^>]*class="series"|<g class="series"[^>]*>/g)].map((m) => m[0]);
    expect(a).not.toBe(b);
    expect(b).toMatch(/stroke-dasharray="8,? ?4"/);
    expect(a).not.toMatch(/dasharray/);
  });

  test("NaN and infinities are marked, named and shaded", async () => {
    const broken = [...noisy];
    broken.fill(Number.NaN, 300);
    const svg = await renderSvgInNode(chartOf(broken));
    expect([count(svg, "non-finite"), count(svg, "gap")]).toEqual([1, 1]);
    expect(texts(svg)).toContain("NaN at 300 (100 values)");
    const once = [...noisy];
    once[200] = Number.POSITIVE_INFINITY;
    expect(texts(await renderSvgInNode(chartOf(once)))).toContain("+∞ at 200");
  });

  test("names with control characters stay well-formed", async () => {
    const svg = await renderSvgInNode({ ...chartOf([1, 2]), title: "a\u0000\u001b[1m \ud800 <&>\"'" });
    expect(() => new Resvg(svg)).not.toThrow();
    expect(texts(svg)).toContain("a[1m  &lt;&amp;&gt;\"'");
  });

  const degenerate: Record<string, number[]> = {
    "no points": [],
    "one point": [0.5],
    "all NaN": [Number.NaN, Number.NaN, Number.NaN],
    constant: [3, 3, 3, 3],
    "constant zero": [0, 0],
    "1e-300 to 1e300": [1e-300, 1, 1e300],
    "−1.7e308 to 1.7e308": [-1.7e308, 0, 1.7e308],
    denormal: [5e-324, 1e-323],
    "nearly equal": [1, 1 + 2 ** -52, 1 + 2 ** -51],
    "negative and zero": [-1, 0, -5],
  };
  test.each(Object.entries(degenerate))("%s: a whole chart, and a sketch", async (_, y) => {
    for (const scale of ["linear", "log", "auto"] as const) {
      const chart = chartOf(y);
      const scaled: Chart = { ...chart, panels: chart.panels.map((p) => ({ ...p, y: { ...p.y, scale } })) };
      const svg = await renderSvgInNode(scaled);
      // no attribute holds a number that is none
      expect(svg).not.toMatch(/="[^"]*(NaN|Infinity|undefined)[^"]*"/);
      expect(texts(svg)).toEqual(expect.arrayContaining(["t", "step", "loss"]));
      expect(() => new Resvg(svg)).not.toThrow();
      expect(sketch(scaled)).toMatch(/^loss by step.*\n/);
      expect(sketch(scaled)).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test("charts without numbers say so", async () => {
    expect(texts(await renderSvgInNode(chartOf([])))).toContain("no points");
    expect(texts(await renderSvgInNode(chartOf([Number.NaN])))).toContain("no finite values");
  });
});

/** Share of pixels that differ from the background, and of those in `part` (x0, x1, y0, y1 as shares of the image). */
function inked(svg: string, background: string, [x0, x1, y0, y1] = [0, 1, 0, 1]): number {
  const image = new Resvg(svg, { font: { loadSystemFonts: false } }).render();
  const { pixels, width, height } = image;
  const paper = [1, 3, 5].map((i) => Number.parseInt(background.slice(i, i + 2), 16));
  let [ink, all] = [0, 0];
  for (let r = Math.floor(y0! * height); r < Math.floor(y1! * height); r++) {
    for (let c = Math.floor(x0! * width); c < Math.floor(x1! * width); c++, all++) {
      const at = 4 * (r * width + c);
      if (paper.some((v, k) => Math.abs(pixels[at + k]! - v) > 60)) ink++;
    }
  }
  return ink / all;
}

describe("png", () => {
  const chart = scheduleChart([
    { name: "cosine", lrs: range(100).map((k) => 0.05 * (1 + Math.cos((Math.PI * k) / 99))) },
  ]);

  test.each(["light", "dark"] as const)("%s: the right size, with curve and text", async (theme) => {
    const { bytes, width, height } = await renderPng(chart, { theme, width: 600, height: 300, scale: 2 });
    expect([width, height]).toEqual([1200, 600]);
    // the PNG read back by a decoder: an SVG that shows it
    const data = Buffer.from(bytes).toString("base64");
    const back = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="600"><image width="1200" height="600" href="data:image/png;base64,${data}"/></svg>`;
    const { background } = themes[theme];
    expect(inked(back, background, [0.2, 0.8, 0.2, 0.8])).toBeGreaterThan(0.003);
    // the title is text: without a font this corner is empty
    expect(inked(back, background, [0, 0.2, 0, 0.14])).toBeGreaterThan(0.02);
  });

  test("another ending than .svg and .png is refused", async () => {
    await expect(savePlot(chart, "x.gif")).rejects.toMatchObject({ id: "plot-format" });
    await expect(savePlot(chart, "/nowhere/at/all/x.svg")).rejects.toMatchObject({ id: "not-writable" });
  });
});

/** WCAG 2.2's contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number =>
    [1, 3, 5]
      .map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i]!, 0);
  const [high, low] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (high! + 0.05) / (low! + 0.05);
}

test.each(["light", "dark"] as const)("%s: text has 4.5:1 and lines have 3:1 contrast", (name) => {
  const { background, ink, muted, axis, series, tones } = themes[name];
  for (const c of [ink, muted, ...Object.values(tones)])
    expect(contrast(c, background)).toBeGreaterThanOrEqual(4.5);
  for (const c of [axis, ...series]) expect(contrast(c, background)).toBeGreaterThanOrEqual(3);
});

const sketched = (y: readonly number[], options: SketchOptions, more: Partial<LinePanel> = {}): string => {
  const chart = chartOf(y);
  return sketch({ ...chart, panels: chart.panels.map((p) => ({ ...p, ...more })) }, options);
};

test("a sketch shows axis, curve and where it is no number", () => {
  const drawn = sketched([3, 2, 1, Number.NaN], { width: 40, height: 6 });
  expect(drawn).toContain("┤");
  expect(drawn).toMatch(/[\u2801-\u28ff]/);
  expect(drawn).toMatch(/└─+✗/);
  expect(Math.max(...drawn.split("\n").map((l) => l.length))).toBeLessThanOrEqual(40);
});

test("a sketch marks a chart's rules and ranges under the axis, or what it is given", () => {
  const falling = range(100).map((k) => 100 - k);
  const more = { rules: [{ x: 50, label: "here" }], ranges: [{ from: 10, to: 40, label: "slow" }] };
  const own = sketched(falling, { width: 60 }, more);
  expect(own).toMatch(/├─+slow─+┤ +↑here/);
  const given = sketched(falling, { width: 60, marks: [{ label: "7", at: [0, 99], isRange: false }] }, more);
  expect(given).toMatch(/└─+\n +7 +7\n/);
});

test("a sketch in ASCII is ASCII, also where values need powers of ten or have both signs", () => {
  const wild = [-1e9, 3, 2, 1e-3, Number.POSITIVE_INFINITY, 5e12];
  for (const scale of ["auto", "linear", "log"] as const) {
    const drawn = sketched(wild, { ascii: true }, { y: { label: "Größe", scale } });
    expect(drawn).toMatch(/^[\n\x20-\x7e]*$/);
    expect(drawn).toMatch(/['.:]/);
  }
});
