/** The comparison's pictures: heat map and loss by rate, SVG and PNG, into its folder. */
import { writeFile } from "node:fs/promises";
import type { RateMap } from "../../plot/charts/heat-map.ts";
import { renderHeatMap } from "../../plot/charts/heat-map-draw.ts";
import { lossByRateChart } from "../../plot/charts/loss-by-rate.ts";
import { svgToPng } from "../../plot/node-png.ts";
import { emptyDocument, renderSvgInNode } from "../../plot/node-svg.ts";
import { showValue } from "../../plot/numbers.ts";
import { SteepestError } from "../../run/errors.ts";
import type { CompareFolder } from "../../tune/compare/node-folder.ts";
import type { CompareDocument } from "./document.ts";

/** Optimizers in the order of their rank. */
export function rateMap({ run, rankedBy, seeds, contestants }: CompareDocument): RateMap {
  const repeated = seeds.length === 1 ? "one seed" : `mean of ${seeds.length} seeds`;
  return {
    title: `${run.name}: loss by optimizer and learning rate`,
    subtitle: `final ${rankedBy} loss after ${showValue(run.steps, { digits: 9 })} steps, batches of ${run.batchSize}, ${repeated}`,
    lossLabel: `final ${rankedBy} loss`,
    rows: contestants.map(({ label, rates }) => ({
      label,
      cells: rates.map(({ lr, final }) => ({ lr, loss: final })),
    })),
  };
}

/** Null where the optional package that makes it is not installed: the SVG says the same. */
async function pngOf(svg: string): Promise<Uint8Array | null> {
  try {
    return (await svgToPng(svg)).bytes;
  } catch (error) {
    if (error instanceof SteepestError && error.id === "package-missing") return null;
    throw error;
  }
}

export async function drawComparison(
  record: CompareDocument,
  folder: CompareFolder,
  plot: string | undefined,
): Promise<void> {
  const map = rateMap(record);
  const heat = renderHeatMap(map, { document: await emptyDocument(), ceiling: record.start });
  const curves = await renderSvgInNode(lossByRateChart(map, { start: record.start }));
  for (const [name, svg] of [
    ["heat-map", heat],
    ["loss-by-rate", curves],
  ] as const) {
    folder.write(`${name}.svg`, svg);
    const png = await pngOf(svg);
    if (png !== null) folder.write(`${name}.png`, png);
  }
  if (plot === undefined) return;
  const content = /\.svg$/i.test(plot) ? heat : (await svgToPng(heat)).bytes;
  await writeFile(plot, content).catch((cause: unknown) => {
    throw new SteepestError("not-writable", `the plot can't be written: ${(cause as Error).message}`, {
      help: `choose another file; the same picture is in ${folder.path}`,
      cause,
    });
  });
}
