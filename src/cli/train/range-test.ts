/** The range test that chose a run's rate, as `find-lr.json` in its folder tells it (`steepest.find-lr/1`). */
import { z } from "zod";
import type { Chart } from "../../plot/index.ts";
import { showNumber } from "../terminal.ts";

const number = z.number().nullish();
const record = z.object({
  schema: z.literal("steepest.find-lr/1"),
  suggestion: number,
  reason: z.string().nullish(),
  lrMin: number,
  lrDiverged: number,
  spread: z.tuple([z.number(), z.number()]).nullish(),
  curvatureLimit: number,
  // what isn't finite is null or a word in JSON
  curve: z.array(z.object({ lr: z.number(), loss: z.unknown(), smoothed: z.unknown() })),
});

/** Null for a run whose rate was given, and for a record of another kind. */
export function rangeTest(from: unknown): { readonly chart: Chart; readonly words: string } | null {
  const parsed = record.safeParse(from);
  if (!parsed.success) return null;
  const { suggestion, reason, lrMin, lrDiverged, spread, curvatureLimit, curve } = parsed.data;
  const of = (value: unknown): number => (typeof value === "number" ? value : Number.NaN);
  const rules = [
    [suggestion, "suggestion", "info"],
    [lrMin, "least loss", "info"],
    [curvatureLimit, "limit by curvature", "warning"],
    [lrDiverged, "diverges", "critical"],
  ] as const;
  const words =
    suggestion == null
      ? `No rate is suggested: ${reason ?? "no reason is given"}.`
      : `The range test suggests ${showNumber(suggestion)}${spread ? ` (${showNumber(spread[0])} to ${showNumber(spread[1])} over the seeds)` : ""}.${reason ? ` ${reason}` : ""}`;
  // where the sweep runs away it must not set the scale
  const first = of(curve[0]?.smoothed);
  const shown = curve.filter((p) => of(p.smoothed) <= first + 2 * Math.abs(first));
  const lrs = shown.map((p) => p.lr);
  return {
    words,
    chart: {
      title: "Loss along the range test",
      panels: [
        {
          kind: "lines",
          x: { label: "learning rate", scale: "log" },
          y: { label: "loss" },
          series: [
            { name: "loss", x: lrs, y: shown.map((p) => of(p.loss)) },
            { name: "smoothed", x: lrs, y: shown.map((p) => of(p.smoothed)) },
          ],
          rules: rules.flatMap(([x, label, tone]) =>
            x == null ? [] : [{ x, label: `${label} ${showNumber(x)}`, tone }],
          ),
        },
      ],
    },
  };
}
