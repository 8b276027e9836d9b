/** Curves that a program holds in memory, as the log that diagnosis and charts read. */
import { SteepestError } from "../run/errors.ts";
import type { Role, RunLog, Series } from "../run/log.ts";
import { meaningOf } from "./columns.ts";

/** How curves in memory are read. */
export interface ArraysOptions {
  /** The step of each value, non-decreasing. Default: 0, 1, 2, … */
  readonly steps?: ArrayLike<number>;
  /** What a series means where its name does not say it: `{ objective: "loss" }`. */
  readonly roles?: Readonly<Record<string, Role>>;
  /** What reports call it. Default "arrays". */
  readonly source?: string;
  readonly stepUnit?: RunLog["stepUnit"];
  readonly meta?: RunLog["meta"];
}

/** Values of every step, or a record with steps of their own, as validation has them. */
export type Curve =
  | ArrayLike<number>
  | { readonly steps: ArrayLike<number>; readonly values: ArrayLike<number> };

/**
 * Names mean what they mean in log files: `loss`, `val_loss`, `lr`, `gradNorm`. Values may be NaN or infinite: they are
 * evidence. Throws `log-arrays` for steps that do not fit or go back.
 */
export function fromArrays(
  curves: Readonly<Record<string, Curve>>,
  { steps, roles = {}, source = "arrays", stepUnit = "step", meta = {} }: ArraysOptions = {},
): RunLog {
  const series = Object.entries(curves).map(([name, curve]) => {
    const { role, rank } = meaningOf(name);
    const own = roles[name] ?? (role === "step" ? "other" : role);
    return { rank: roles[name] === undefined ? rank : -1, series: seriesOf(name, own, curve, steps) };
  });
  return {
    source,
    format: "arrays",
    run: null,
    stepUnit,
    series: series.sort((a, b) => a.rank - b.rank).map((s) => s.series),
    notes: [],
    meta,
  };
}

function seriesOf(name: string, role: Role, curve: Curve, common: ArrayLike<number> | undefined): Series {
  const { values, steps = common } =
    "values" in curve && typeof curve.values !== "function" ? curve : { values: curve as ArrayLike<number> };
  const at =
    steps === undefined
      ? Float64Array.from({ length: values.length }, (_, i) => i)
      : Float64Array.from(steps);
  const refuse = (what: string, help: string): never => {
    throw new SteepestError("log-arrays", what, { where: `in ${name}`, help });
  };
  if (at.length !== values.length)
    refuse(
      `there are ${values.length} values and ${at.length} steps`,
      "give one step for each value, or { steps, values } for a series of its own",
    );
  const back = at.findIndex((step, i) => !Number.isFinite(step) || (i > 0 && step < at[i - 1]!));
  if (back >= 0)
    refuse(
      `step ${back + 1} is ${at[back]}, after ${at[back - 1] ?? "nothing"}`,
      "give steps that do not go back",
    );
  return { name, role, steps: at, values: Float64Array.from(values) };
}
