/** SVG → PNG with resvg and the DejaVu Sans that comes along: without a font resvg leaves out all text. */
import { createRequire } from "node:module";
import { optionalPackage } from "../run/node-package.ts";
import type { Chart } from "./chart.ts";
import { renderSvgInNode } from "./node-svg.ts";
import type { RenderOptions } from "./render.ts";

export interface PngOptions extends Omit<RenderOptions, "document"> {
  /** Pixels of the image for one px of the chart. */
  readonly scale?: number;
}

export interface Png {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export async function renderPng(chart: Chart, { scale = 2, ...options }: PngOptions = {}): Promise<Png> {
  return svgToPng(await renderSvgInNode(chart, options), { scale });
}

const WHAT = "a PNG picture";

function fonts(): string[] {
  const { resolve } = createRequire(import.meta.url);
  return ["DejaVuSans", "DejaVuSans-Bold"].map((f) => resolve(`dejavu-fonts-ttf/ttf/${f}.ttf`));
}

export async function svgToPng(svg: string, { scale = 2 }: { scale?: number } = {}): Promise<Png> {
  const { Resvg } = await optionalPackage("@resvg/resvg-js", WHAT, () => import("@resvg/resvg-js"));
  const fontFiles = await optionalPackage("dejavu-fonts-ttf", WHAT, async () => fonts());
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles,
      defaultFontFamily: "DejaVu Sans",
    },
  }).render();
  return { bytes: image.asPng(), width: image.width, height: image.height };
}
