/** A chart as a file: SVG or PNG by the name's ending. */
import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { SteepestError } from "../run/errors.ts";
import type { Chart } from "./chart.ts";
import { type PngOptions, svgToPng } from "./node-png.ts";
import { renderSvgInNode } from "./node-svg.ts";

/**
 * Writes a chart as SVG or PNG, by the name's ending. Throws `plot-format` for another ending, `not-writable` when the file
 * can't be written.
 */
export async function savePlot(chart: Chart, path: string, options: PngOptions = {}): Promise<void> {
  await saveSvg(() => renderSvgInNode(chart, options), path, options);
}

/** As savePlot, for what is drawn by itself; it is drawn after the name has been looked at. */
export async function saveSvg(
  draw: () => string | Promise<string>,
  path: string,
  options: Pick<PngOptions, "scale"> = {},
): Promise<void> {
  const kind = extname(path).toLowerCase();
  if (kind !== ".svg" && kind !== ".png") {
    throw new SteepestError("plot-format", `the plot ${path} is neither .svg nor .png`, {
      help: "end its name in .svg or .png",
    });
  }
  const svg = await draw();
  const content = kind === ".svg" ? svg : (await svgToPng(svg, options)).bytes;
  try {
    await writeFile(path, content);
  } catch (cause) {
    throw new SteepestError("not-writable", `the plot can't be written: ${(cause as Error).message}`, {
      help: "choose another file",
      cause,
    });
  }
}
