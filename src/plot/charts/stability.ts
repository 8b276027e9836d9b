/** The rate over the optimizer's stability limit, along a training. */
import type { Chart } from "../chart.ts";

export interface StabilityCurve {
  readonly title: string;
  readonly subtitle?: string;
  readonly points: readonly { readonly step: number; readonly used: number }[];
}

export const stabilityChart = ({ title, subtitle, points }: StabilityCurve): Chart => ({
  title,
  ...(subtitle !== undefined && { subtitle }),
  panels: [
    {
      kind: "lines",
      x: { label: "step" },
      y: { label: "rate over its limit", scale: "auto" },
      series: [{ name: "rate over its limit", x: points.map((p) => p.step), y: points.map((p) => p.used) }],
      levels: [{ y: 1, label: "limit", tone: "warning" }],
    },
  ],
});
