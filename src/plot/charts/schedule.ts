/** A learning-rate schedule over the steps of a run, with the momentum it sets and the batches that grow, if any. */
import type { Chart, LinePanel, LineSeries } from "../chart.ts";

/** One schedule's values over the steps. */
export interface ScheduleCurve {
  readonly name: string;
  /** lr of each step, from step 0. */
  readonly lrs: ArrayLike<number>;
  /** Momentum of each step; null where the schedule sets none. */
  readonly momenta?: readonly (number | null)[] | null;
  /** Rows of each step's batch. */
  readonly batchSizes?: readonly number[] | null;
}

const STEP = { label: "step" } as const;

/** Rates over the steps, one line a schedule, with momentum and batch size in panels below where they change. */
export function scheduleChart(
  curves: readonly ScheduleCurve[],
  {
    title = curves.map((c) => c.name).join(", "),
    subtitle,
    scale = "linear",
  }: { title?: string; subtitle?: string; scale?: "linear" | "log" } = {},
): Chart {
  const steps = (n: number): number[] => Array.from({ length: n }, (_, k) => k);
  const lrs: LineSeries[] = curves.map(({ name, lrs }) => ({ name, x: steps(lrs.length), y: lrs }));
  const momenta: LineSeries[] = curves.flatMap(({ name, momenta }, slot) => {
    if (!momenta?.some((m) => m !== null)) return [];
    const at = steps(momenta.length).filter((k) => momenta[k] !== null);
    return [{ name, slot, x: at, y: at.map((k) => momenta[k]!) }];
  });
  const panels: LinePanel[] = [
    { kind: "lines", x: STEP, y: { label: "learning rate", scale, zero: true }, series: lrs, weight: 1.7 },
  ];
  if (momenta.length > 0) panels.push({ kind: "lines", x: STEP, y: { label: "momentum" }, series: momenta });
  const batches: LineSeries[] = curves.flatMap(({ name, batchSizes }, slot) =>
    batchSizes ? [{ name, slot, x: steps(batchSizes.length), y: batchSizes }] : [],
  );
  if (batches.length > 0)
    panels.push({ kind: "lines", x: STEP, y: { label: "batch", zero: true }, series: batches });
  return { title, ...(subtitle !== undefined && { subtitle }), panels };
}
