import type { Expr } from "../engine/graph/index.ts";
import { type OptionSpec, type OptionSpecs, type OptionValue, resolveOptions } from "../optim/index.ts";
import { number } from "../run/options.ts";
import type { Minimum, SurfaceRow } from "./types.ts";

/** What a member says about itself with its options filled in. */
export interface Shape {
  /** Default: x, y, z or x1 … xn. */
  readonly variables?: readonly string[];
  readonly f: (at: readonly Expr[]) => Expr;
  readonly domain: readonly (readonly [number, number])[];
  readonly start: readonly number[];
  readonly minima: readonly Minimum[];
}

export interface SurfaceDefinition<O> extends Omit<SurfaceRow, "options" | "make"> {
  readonly options: OptionSpecs<O>;
  readonly shape: (options: O) => Shape;
}

/** x, y, z up to three coordinates, x1 … xn beyond. */
export const variableNames = (n: number): string[] =>
  n <= 3 ? ["x", "y", "z"].slice(0, n) : Array.from({ length: n }, (_, i) => `x${i + 1}`);

export function defineSurface<O extends object = Record<never, never>>({
  options,
  shape,
  ...row
}: SurfaceDefinition<O>): SurfaceRow {
  const specs = options as Readonly<Record<string, OptionSpec>>;
  return {
    ...row,
    options: Object.entries(specs).map(([name, spec]) => ({ name, ...spec })),
    make: (given = {}) => {
      const resolved = resolveOptions<O>(row.name, options, given);
      const made = shape(resolved);
      return {
        name: row.name,
        label: row.label,
        text: withValues(row.formula, specs, new Map(Object.entries(resolved))),
        variables: variableNames(made.start.length),
        ...made,
      };
    },
  };
}

/** Options that need no word while they have their default. */
const quiet = ["dimension", "rotation"];

/** "½(x² + κy²), kappa 10": what the letters stand for, after the formula. */
function withValues(
  text: string,
  specs: Readonly<Record<string, OptionSpec>>,
  values: ReadonlyMap<string, OptionValue>,
): string {
  const named = Object.keys(specs).filter((k) => !quiet.includes(k) || values.get(k) !== specs[k]!.default);
  return [text, ...named.map((k) => `${k} ${String(values.get(k))}`)].join(", ");
}

/** How many coordinates a function takes that is defined for any number of them. */
export const dimension = (min = 1): OptionSpec<number> =>
  number(2, "number of coordinates", { integer: true, min, max: 1000 });

/** The same value for n coordinates. */
export const each = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);

/** A minimum over everything. */
export const globalMinimum = (at: readonly number[], value = 0): Minimum => ({ at, value, kind: "global" });
export const localMinimum = (at: readonly number[], value: number): Minimum => ({ at, value, kind: "local" });
