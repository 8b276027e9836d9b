/** Small RunLogs for tests: a formula per series. */
import type { Role, RunLog, Series } from "../../src/run/log.ts";

export type Column = Partial<Record<Role, readonly number[] | ((i: number) => number)>>;

export interface MakeOptions {
  readonly points?: number;
  /** Steps between log points. */
  readonly stride?: number;
  readonly stepUnit?: RunLog["stepUnit"];
  readonly more?: readonly Series[];
}

export function makeLog(
  columns: Column,
  { points = 400, stride = 1, stepUnit = "step", more = [] }: MakeOptions = {},
): RunLog {
  const series = Object.entries(columns).map(([role, source]): Series => {
    const values =
      typeof source === "function"
        ? Float64Array.from({ length: points }, (_, i) => source(i))
        : Float64Array.from(source);
    return { name: role, role: role as Role, steps: values.map((_, i) => i * stride), values };
  });
  return {
    source: "made",
    format: "csv",
    run: null,
    stepUnit,
    series: [...series, ...more],
    notes: [],
    meta: {},
  };
}

export const at = (
  role: Role,
  steps: readonly number[],
  values: readonly number[],
  name: string = role,
): Series => ({
  name,
  role,
  steps: Float64Array.from(steps),
  values: Float64Array.from(values),
});

/** Uniform noise in ±1, the same every time: a multiplicative generator (Lehmer, 48271 mod 2^31 − 1). */
export function noise(seed = 1): () => number {
  let s = seed;
  return () => {
    s = (s * 48271) % 2147483647;
    return (2 * s) / 2147483647 - 1;
  };
}
