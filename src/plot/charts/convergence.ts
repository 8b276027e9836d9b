/** The loss gap of a run beside what theory promises of it, over logarithmic axes. */
import type { Chart, LineSeries } from "../chart.ts";

export interface ConvergenceCurves {
  readonly title: string;
  readonly subtitle?: string;
  /** Steps from the start of the measurement. */
  readonly steps: readonly number[];
  readonly gap: readonly number[];
  /** Gaps below this are rounding and are left out. */
  readonly rounding: number;
  /** The gap is to a minimum that was found, not to the least loss seen. */
  readonly toMinimum: boolean;
  readonly bounds: readonly {
    readonly name: string;
    readonly values: readonly (number | null)[] | null;
    /** All its assumptions hold. */
    readonly promised: boolean;
  }[];
  /** Gap at which gradient noise is predicted to stop the descent. */
  readonly floor?: number;
}

export function convergenceChart(curves: ConvergenceCurves): Chart {
  const { title, subtitle, steps, gap, rounding, toMinimum, bounds, floor } = curves;
  const series = (name: string, values: readonly (number | null)[], floor: number): LineSeries => {
    const used = steps.flatMap((s, i) => {
      const v = values[i];
      return s > 0 && v != null && v > floor && Number.isFinite(v) ? [[s, v] as const] : [];
    });
    return { name, x: used.map(([s]) => s), y: used.map(([, v]) => v) };
  };
  const measured = series("measured", gap, rounding);
  // a bound that falls far below what is measured would squeeze the rest of the picture
  const lowest = Math.min(...(measured.y as number[])) / 100;
  const shown = bounds.flatMap(({ name, values, promised }) =>
    values === null ? [] : [series(promised ? name : `${name} (not promised)`, values, lowest)],
  );
  return {
    title,
    ...(subtitle !== undefined && { subtitle }),
    caption: toMinimum
      ? "gap: loss − least loss possible; a bound is not promised where one of its assumptions fails"
      : "no minimum was reached: gap to the least loss seen",
    panels: [
      {
        kind: "lines",
        x: { label: "steps", scale: "log" },
        y: { label: "loss gap", scale: "log" },
        series: [measured, ...shown.filter((s) => s.x.length > 0)],
        ...(floor !== undefined && { levels: [{ y: floor, label: "predicted noise floor" }] }),
      },
    ],
  };
}
