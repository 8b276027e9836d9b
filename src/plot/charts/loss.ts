/** A run's loss: raw and averaged, with validation, the learning rate below and the diagnosis on the curve. */
import { type RunLog, type Series, seriesOf } from "../../run/log.ts";
import type { Chart, LinePanel, LineSeries, Range } from "../chart.ts";
import { showValue } from "../numbers.ts";
import { defaultSmoothing } from "../smooth.ts";
import type { Tone } from "../theme/index.ts";

/** What a diagnosis found, as far as a chart shows it. */
export interface ChartFinding {
  readonly id: string;
  readonly severity: Tone;
  readonly steps: readonly [number, number];
}

/** Options of `lossChart`. */
export interface LossChartOptions {
  readonly title?: string;
  readonly findings?: readonly ChartFinding[];
  /** Weight of the moving average, 0…1. Default: a window of a fiftieth of the points. */
  readonly smooth?: number;
  readonly scale?: "linear" | "log" | "auto";
}

/** More labels than this hide the curve: the gravest are shown, the rest counted. */
const MAX_FINDINGS = 4;
const GRAVITY: Readonly<Record<Tone, number>> = { critical: 0, warning: 1, info: 2 };

/**
 * A log's loss over its steps: training (smoothed, with the raw values behind), validation, and the rate in
 * a panel below where it changes. The gravest findings are shaded.
 */
export function lossChart(
  log: RunLog,
  { title = defaultTitle(log), findings = [], smooth, scale = "auto" }: LossChartOptions = {},
): Chart {
  const [loss, validation, lr] = [seriesOf(log, "loss"), seriesOf(log, "validation"), seriesOf(log, "lr")];
  const x = { label: log.stepUnit };
  const series: LineSeries[] = [];
  if (loss) {
    const weight = smooth ?? defaultSmoothing(loss.values.length);
    series.push({ name: "training", x: loss.steps, y: loss.values, smooth: weight, slot: 0 });
  }
  if (validation) series.push({ name: "validation", x: validation.steps, y: validation.values, slot: 1 });
  // the curve itself shows where it is not a number
  const graves = findings
    .filter((f) => f.id !== "non-finite")
    .sort((a, b) => GRAVITY[a.severity] - GRAVITY[b.severity]);
  const ranges: Range[] = graves
    .slice(0, MAX_FINDINGS)
    .map(({ id, severity, steps: [from, to] }) => ({ from, to, label: words(id), tone: severity }));
  const panels: LinePanel[] = [
    { kind: "lines", x, y: { label: "loss", scale }, series, ranges, weight: 2.2 },
  ];
  if (lr && changes(lr)) {
    panels.push({
      kind: "lines",
      x,
      y: { label: "learning rate", zero: true },
      series: [{ name: "learning rate", x: lr.steps, y: lr.values, slot: 2 }],
    });
  }
  const more = graves.length - ranges.length;
  const caption = more > 0 ? `and ${more} ${more === 1 ? "finding" : "findings"} more` : undefined;
  const subtitle = describe(log, loss, validation);
  return { title, ...(subtitle && { subtitle }), ...(caption && { caption }), panels };
}

const words = (id: string): string => id.replace(/-/g, " ");

function defaultTitle({ meta, run, source }: RunLog): string {
  return typeof meta["name"] === "string" ? meta["name"] : (run ?? source);
}

const changes = ({ values }: Series): boolean => values.some((v) => v !== values[0]);

/** "adam, lr 0.001, batches of 32 · least training loss 0.012 at step 940": what the log knows, in one line. */
function describe({ meta, stepUnit }: RunLog, loss: Series | null, validation: Series | null): string {
  const { optimizer, lr, batchSize } = meta;
  const settings = [
    typeof optimizer === "string" ? optimizer : null,
    typeof lr === "number" ? `lr ${showValue(lr)}` : null,
    typeof batchSize === "number" ? `batches of ${batchSize}` : null,
  ].filter((s) => s !== null);
  const lowest = (s: Series, name: string): string | null => {
    let at = -1;
    s.values.forEach((v, i) => {
      if (Number.isFinite(v) && (at < 0 || v < s.values[at]!)) at = i;
    });
    if (at < 0) return null;
    return `least ${name} loss ${showValue(s.values[at]!)} at ${stepUnit} ${showValue(s.steps[at]!, { digits: 9 })}`;
  };
  const best = validation ? lowest(validation, "validation") : loss ? lowest(loss, "training") : null;
  return [settings.join(", "), best].filter(Boolean).join(" · ");
}
