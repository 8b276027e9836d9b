/**
 * Which tables of a tracker's database hold metrics, by their columns: one row a value (MLflow: key, value, step, run),
 * one row a step with its metrics as JSON (trackio), or one row a step with a column a metric.
 */
import { meaningOf } from "./columns.ts";

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

interface Steps {
  readonly table: string;
  readonly step: string;
  /** The column that tells runs apart, and the one with their names, where there are any. */
  readonly run: string | null;
  readonly runName: string | null;
}

export type MetricTable = Steps &
  (
    | {
        readonly kind: "values";
        readonly key: string | null;
        readonly value: string;
        /** True where the value is NaN, which the store cannot hold. */
        readonly nan: string | null;
      }
    | { readonly kind: "documents"; readonly document: string }
    | { readonly kind: "columns" }
  );

const RUN = ["run_uuid", "run_id", "run", "trial_id", "exp_id", "experiment_id", "run_name"];
const STEP = ["step", "global_step", "step_idx", "iteration", "epoch"];
const KEY = ["key", "metric", "metric_name", "tag", "name"];
const VALUE = ["value", "metric_value", "intermediate_value"];
const DOCUMENT = ["metrics", "metrics_json", "values", "data", "payload"];

/** Null for a table without steps or measurements, a tracker's copy of the last values, and the machine's load. */
export function metricTable({ name, columns }: Table): MetricTable | null {
  const find = (names: readonly string[]): string | null => names.find((n) => columns.includes(n)) ?? null;
  const step = find(STEP);
  if (step === null || /^(?:latest|system)_/.test(name)) return null;
  const steps = { table: name, step, run: find(RUN), runName: find(["run_name"]) };
  const value = find(VALUE);
  if (value !== null) return { ...steps, kind: "values", key: find(KEY), value, nan: find(["is_nan"]) };
  const document = find(DOCUMENT);
  if (document !== null) return { ...steps, kind: "documents", document };
  return columns.some((c) => /^(?:loss|validation)$/.test(meaningOf(c).role))
    ? { ...steps, kind: "columns" }
    : null;
}
