/** What a probe's measurements say together: the rate against its limit, gradient noise, what another batch wants. */

import { type Branches, branchesOf } from "../../diagnose/branches.ts";
import { type OptimizerRow, optimizers } from "../../optim/index.ts";
import { largeBatchAdvice } from "../../optim/large-batch.ts";
import { t95 } from "../compare/student-t.ts";
import { columnOf, type ProbeFile } from "./read.ts";

export interface StabilityPoint {
  readonly step: number;
  /** Of the first group. */
  readonly lr: number;
  /** Largest eigenvalue of P⁻¹H on the measured batch, and how near an eigenvalue certainly lies. */
  readonly sharpness: number;
  readonly error: number;
  /** The rate above which the optimizer is unstable at this sharpness; null without a rule. */
  readonly limit: number | null;
  /** lr / limit. */
  readonly used: number | null;
  /** u'Hu / u'Pu along the next update u. */
  readonly alongUpdate: number | null;
}

export interface PooledNoise {
  /** tr(Σ)/|G|² in rows, from sums over the measurements; null where the gradient can't be told from the noise. */
  readonly rows: number | null;
  /** 95 % interval by jackknife; no upper end where |G|² may be zero. */
  readonly interval: readonly [low: number, high: number | null];
  readonly measurements: number;
  /** Steps they were made at. */
  readonly steps: readonly [first: number, last: number];
}

export interface BatchRow {
  readonly factor: number;
  /** Rows of a step. */
  readonly batch: number;
  /** Null without a rule for the optimizer. */
  readonly lr: number | null;
  /** Steps to the same loss over those that this batch takes: (1 + B/b)/(1 + B/b₁) (McCandlish et al. 2018, section 2.2). */
  readonly steps: number;
}

export interface ProbeAnalysis {
  readonly schema: "steepest.analyze-probe/1";
  readonly run: {
    readonly source: string;
    readonly optimizer: string;
    /** Its name here; null where steepest has none like it. */
    readonly known: string | null;
    readonly parameters: number;
    readonly steps: number;
    readonly lr: number | null;
    /** Rows of a step: those that were measured, times micro-batches and processes. */
    readonly batch: number | null;
    readonly measurements: number;
  };
  /** The optimizer's rule in words; null where none is proved. */
  readonly rule: string | null;
  readonly stability: readonly StabilityPoint[];
  /** Medians over the later half of the measurements. */
  readonly limit: number | null;
  readonly used: number | null;
  /** Losses at the end of branches, as `Probe.branches` measured them; null without. */
  readonly branches: Branches | null;
  readonly noise: PooledNoise | null;
  /** The noise scale as advice; null where it has no upper end. */
  readonly criticalBatchSize: number | null;
  readonly batches: readonly BatchRow[];
  /** Share of the steps, of those whose norm is known, that were clipped. */
  readonly clipped: number | null;
  readonly skipped: number;
  /** Medians over the later half. */
  readonly updates: readonly {
    readonly group: string;
    readonly ratio: number;
    readonly effectiveLr: number | null;
  }[];
  readonly deadUnits: number | null;
  readonly nonFinite: { readonly step: number; readonly where: string; readonly what: string } | null;
}

/** PyTorch classes that compute as another one does. */
const ALIKE: Readonly<Record<string, string>> = { FusedAdam: "AdamW" };

const FACTORS = [0.25, 0.5, 2, 4, 8, 16] as const;

export function analyzeProbe({ head, rows }: ProbeFile, source: string): ProbeAnalysis {
  const entry = entryOf(head.optimizer);
  const stability = stabilityOf(rows);
  const measured = columnOf(rows, "batch_rows");
  const batch = measured.length === 0 ? null : measured.at(-1)!.value * head.accumulate * head.processes;
  const noise = pool(rows);
  const critical = noise?.interval[1] == null ? null : noise.rows;
  const lr = columnOf(rows, "lr").at(-1)?.value ?? null;
  return {
    schema: "steepest.analyze-probe/1",
    run: {
      source,
      optimizer: head.optimizer,
      known: entry?.name ?? null,
      parameters: head.parameters,
      steps: rows.reduce((max, row) => Math.max(max, row["step"] as number), 0),
      lr,
      batch,
      measurements: Math.max(stability.length, noise?.measurements ?? 0),
    },
    rule: entry?.stabilityLimit?.rule ?? null,
    stability,
    limit: laterMedian(stability.map((p) => p.limit)),
    used: laterMedian(stability.map((p) => p.used)),
    branches: branchesOf((name) => {
      const value = rows.findLast((row) => typeof row[name] === "number")?.[name];
      return typeof value === "number" ? value : undefined;
    }),
    noise,
    criticalBatchSize: critical,
    batches: batch === null || critical === null ? [] : batchRows({ batch, critical, lr, entry }),
    clipped: meanOf(columnOf(rows, "clipped_share").map((c) => c.value)),
    skipped: columnOf(rows, "skipped").filter((c) => c.value === 1).length,
    updates: head.groups.flatMap(({ name }) => {
      const ratio = laterMedian(columnOf(rows, `update_ratio/${name}`).map((c) => c.value));
      const effectiveLr = laterMedian(columnOf(rows, `effective_lr/${name}`).map((c) => c.value));
      return ratio === null ? [] : [{ group: name, ratio, effectiveLr }];
    }),
    deadUnits: columnOf(rows, "dead_units").at(-1)?.value ?? null,
    nonFinite: nonFiniteOf(rows),
  };
}

const entryOf = (name: string): OptimizerRow | undefined =>
  optimizers.find((o) => o.elsewhere.pytorch === (ALIKE[name] ?? name));

function stabilityOf(rows: ProbeFile["rows"]): StabilityPoint[] {
  let lr = Number.NaN;
  const points: StabilityPoint[] = [];
  for (const row of rows) {
    if (typeof row["lr"] === "number") lr = row["lr"];
    const number = (key: string): number | null => {
      const value = row[key];
      return typeof value === "number" && Number.isFinite(value) ? value : null;
    };
    const sharpness = number("sharpness");
    if (sharpness === null) continue;
    points.push({
      step: row["step"] as number,
      lr,
      sharpness,
      error: number("sharpness_error") ?? 0,
      limit: number("limit"),
      used: number("stability"),
      alongUpdate: number("curvature_update"),
    });
  }
  return points;
}

/** The later half: what holds now, not at the start. */
const later = <T>(values: readonly T[]): readonly T[] => values.slice(values.length >> 1);

function laterMedian(values: readonly (number | null)[]): number | null {
  const sorted = later(values.filter((v) => v !== null)).toSorted((a, b) => a - b);
  const m = sorted.length >> 1;
  return sorted.length === 0
    ? null
    : sorted.length % 2 === 1
      ? sorted[m]!
      : (sorted[m - 1]! + sorted[m]!) / 2;
}

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;

interface Moments {
  readonly step: number;
  readonly gradientSquared: number;
  readonly trace: number;
}

/**
 * One measurement of |G|² is mostly noise: both moments are summed over the later half of the measurements (McCandlish
 * et al. 2018, appendix A.1), with a jackknife of |G|²/tr(Σ) over them. Null for none.
 */
function pool(rows: ProbeFile["rows"]): PooledNoise | null {
  const all = rows.flatMap((row): Moments[] => {
    const { step, noise_gradient_squared: g, noise_trace: t } = row;
    return typeof g === "number" && typeof t === "number" && Number.isFinite(g) && Number.isFinite(t)
      ? [{ step: step as number, gradientSquared: g, trace: t }]
      : [];
  });
  const used = later(all);
  if (used.length === 0) return null;
  const sum = (of: (m: Moments) => number): number => used.reduce((total, m) => total + of(m), 0);
  const [g, t] = [sum((m) => m.gradientSquared), sum((m) => m.trace)];
  const inverse = g / t;
  const n = used.length;
  const left = used.map((m) => (g - m.gradientSquared) / (t - m.trace));
  const middle = left.reduce((a, b) => a + b / n, 0);
  const error =
    n < 2
      ? Number.POSITIVE_INFINITY
      : t95(n - 1) * Math.sqrt(((n - 1) / n) * left.reduce((a, x) => a + (x - middle) ** 2, 0));
  const [low, high] = [inverse - error, inverse + error];
  return {
    rows: inverse > 0 ? 1 / inverse : null,
    interval: [high > 0 ? 1 / high : 0, low > 0 ? 1 / low : null],
    measurements: n,
    steps: [used[0]!.step, used.at(-1)!.step],
  };
}

function batchRows({
  batch,
  critical,
  lr,
  entry,
}: {
  readonly batch: number;
  readonly critical: number;
  readonly lr: number | null;
  readonly entry: OptimizerRow | undefined;
}): BatchRow[] {
  return FACTORS.filter((factor) => batch * factor >= 1).map((factor) => {
    const size = Math.round(batch * factor);
    const advice =
      entry === undefined || lr === null
        ? null
        : largeBatchAdvice(size, { batchSize: batch, optimizer: entry.name, lr, noiseScale: critical });
    return {
      factor,
      batch: size,
      lr: advice?.lr ?? null,
      steps: (1 + critical / size) / (1 + critical / batch),
    };
  });
}

function nonFiniteOf(rows: ProbeFile["rows"]): ProbeAnalysis["nonFinite"] {
  const row = rows.find((r) => typeof r["nonfinite"] === "string");
  return row === undefined
    ? null
    : { step: row["step"] as number, where: String(row["nonfinite"]), what: String(row["what"]) };
}
