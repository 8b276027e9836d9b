/** An analysis in pictures: sharpness, and the gap beside its bounds. */
import { extname, join } from "node:path";
import type { Chart } from "../../plot/chart.ts";
import { convergenceChart } from "../../plot/charts/convergence.ts";
import { sharpnessChart } from "../../plot/charts/sharpness.ts";
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import type { Analysis } from "../../tune/convergence/analysis.ts";
import { makePlotFolder, requirePlotFile } from "../plot-path.ts";

/** Null where nothing was followed. */
export function convergencePicture({ run, convergence, start }: Analysis): Chart | null {
  if (convergence === null) return null;
  const { steps, gap, rounding, minimum, bounds, floor } = convergence;
  return convergenceChart({
    title: `${run.name}: loss gap and bounds`,
    subtitle: `${run.optimizer}, lr ${showNumber(run.lr)} · L ${showNumber(convergence.L)}${convergence.kappa === null ? "" : ` · κ ${showNumber(convergence.kappa)}`}`,
    steps: steps.map((s) => s - start.step),
    gap,
    rounding,
    toMinimum: minimum.reached,
    bounds: bounds.map((b) => ({ name: b.formula, values: b.values, promised: b.broken.length === 0 })),
    ...(floor !== null && { floor: floor.predicted[0] }),
  });
}

export function sharpnessPicture({ run, sharpness, ownRule }: Analysis): Chart | null {
  if (sharpness.length < 2) return null;
  return sharpnessChart({
    title: `${run.name}: sharpness along training`,
    subtitle: `${run.optimizer}, lr ${showNumber(run.lr)}${ownRule === null ? "" : ` · stable while lr < ${ownRule}`}`,
    points: sharpness,
  });
}

/** A file takes one chart, a folder all. Throws `plot-format` for any other ending. */
function plotKind(path: string): "file" | "folder" {
  const ending = extname(path).toLowerCase();
  if (ending === ".svg" || ending === ".png") return "file";
  if (ending === "") return "folder";
  throw new SteepestError("plot-format", `the plot ${path} is neither .svg nor .png nor a folder`, {
    help: "end its name in .svg or .png, or name a folder for all charts",
  });
}

/** Before the work: makes the folder. Throws `plot-format` or `not-writable`. */
export function preparePlot(path: string): void {
  if (plotKind(path) === "file") requirePlotFile(path);
  else makePlotFolder(path);
}

export const nothingToDraw = (): SteepestError =>
  new SteepestError("usage", "there is nothing to draw: no steps are followed", {
    help: "give --steps, such as --steps 200",
  });

/** Returns what was written. */
export async function drawAnalysis(analysis: Analysis, path: string): Promise<string[]> {
  const { savePlot } = await import("../../plot/node-save.ts");
  const convergence = convergencePicture(analysis);
  const sharpness = sharpnessPicture(analysis);
  const found = [
    ...(sharpness === null ? [] : [["sharpness", sharpness] as const]),
    ...(convergence === null ? [] : [["convergence", convergence] as const]),
  ];
  if (found.length === 0) throw nothingToDraw();
  if (plotKind(path) === "file") {
    // the bounds where they have values, else the sharpness
    const bounded = analysis.convergence?.bounds.some((b) => b.values !== null) === true;
    const chart = (bounded ? convergence : sharpness) ?? found[0]![1];
    await savePlot(chart, path);
    return [path];
  }
  const files: string[] = [];
  for (const [name, chart] of found) {
    for (const ending of ["svg", "png"]) {
      const file = join(path, `${name}.${ending}`);
      await savePlot(chart, file);
      files.push(file);
    }
  }
  return files;
}
