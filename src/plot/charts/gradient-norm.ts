/** The gradient norm along a run, with the value it is clipped at. */
import { type RunLog, seriesOf } from "../../run/log.ts";
import type { Chart } from "../chart.ts";
import { defaultSmoothing } from "../smooth.ts";

/** Options of `gradientNormChart`. */
export interface GradientNormOptions {
  readonly title?: string;
  /** Global norm that gradients are clipped to. */
  readonly clip?: number | undefined;
}

/** Null when the log has no gradient norm. */
export function gradientNormChart(
  log: RunLog,
  {
    clip,
    title = clip === undefined ? "All parameters together" : "Before clipping",
  }: GradientNormOptions = {},
): Chart | null {
  const norm = seriesOf(log, "gradNorm");
  if (norm === null || norm.values.length === 0) return null;
  const clipped = clip === undefined ? 0 : norm.values.filter((v) => v > clip).length / norm.values.length;
  return {
    title,
    ...(clip !== undefined && {
      subtitle: `${Math.round(100 * clipped)} % of the logged updates were clipped at ${clip}`,
    }),
    panels: [
      {
        kind: "lines",
        x: { label: log.stepUnit },
        y: { label: "gradient norm", scale: "auto" },
        series: [
          {
            name: "gradient norm",
            x: norm.steps,
            y: norm.values,
            smooth: defaultSmoothing(norm.values.length),
            slot: 3,
          },
        ],
        ...(clip !== undefined && { levels: [{ y: clip, label: `clip ${clip}`, tone: "warning" as const }] }),
      },
    ],
  };
}
