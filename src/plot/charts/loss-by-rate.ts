/** Final loss over the learning rate, a curve for each optimizer. */
import type { Chart } from "../chart.ts";
import { showValue } from "../numbers.ts";
import type { RateMap } from "./heat-map.ts";

/** Options of `lossByRateChart`. */
export interface LossByRateOptions {
  /** Loss before the first step: losses from here on, and diverged rates, are drawn at it. */
  readonly start: number;
}

/** Final loss over the learning rate, one line an optimizer: its valley and the edge where it diverges. */
export function lossByRateChart(
  { title, subtitle, lossLabel, rows }: RateMap,
  { start }: LossByRateOptions,
): Chart {
  return {
    title,
    ...(subtitle !== undefined && { subtitle }),
    caption: "rates that diverged, or ended above the start, are drawn at the loss of the start",
    panels: [
      {
        kind: "lines",
        x: { label: "learning rate", scale: "log" },
        y: { label: lossLabel, scale: "auto" },
        series: rows.map(({ label, cells }) => ({
          name: label,
          x: cells.map((c) => c.lr),
          y: cells.map((c) => Math.min(c.loss ?? start, start)),
        })),
        levels: [{ y: start, label: "at the start" }],
        rules: rows.flatMap(({ label, cells }) => {
          const first = cells.find((c) => c.loss === null);
          if (first === undefined) return [];
          const who = rows.length > 1 ? `${label} ` : "";
          return [
            { x: first.lr, label: `${who}diverges at ${showValue(first.lr)}`, tone: "critical" as const },
          ];
        }),
      },
    ],
  };
}
