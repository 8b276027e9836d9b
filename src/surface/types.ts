import type { Expr } from "../engine/graph/index.ts";
import type { OptionSpec } from "../run/options.ts";
import type { Row, Source } from "../run/table.ts";

/** A place where the function is least: over everything, nearby, or nobody knows which. */
export interface Minimum {
  readonly at: readonly number[];
  readonly value: number;
  readonly kind: "global" | "local" | "unknown";
}

/** A function to descend: one number of n coordinates. */
export interface Surface {
  readonly name: string;
  readonly label: string;
  /** Names of the coordinates; as many as the function takes. */
  readonly variables: readonly string[];
  /**
   * Element by element: coordinates of one shape and float dtype (scalars, or a tensor of many places each) give the
   * values in that shape.
   */
  readonly f: (at: readonly Expr[]) => Expr;
  /** What is worth looking at, for each coordinate; null for a formula that says nothing about it. */
  readonly domain: readonly (readonly [number, number])[] | null;
  readonly start: readonly number[];
  /** Minima known beforehand. Where they are not single points, some of them. */
  readonly minima: readonly Minimum[];
  /** The function in plain text, with the options' values where it is short. */
  readonly text: string;
}

/** Options of a surface by name; its row has ranges and defaults. */
export type SurfaceOptions = Readonly<Record<string, unknown>>;

/** A row of the table of surfaces. */
export interface SurfaceRow extends Row {
  readonly label: string;
  /** TeX, in the letters of the options. */
  readonly tex: string;
  /** The same in plain text. */
  readonly formula: string;
  readonly options: readonly (OptionSpec & { readonly name: string })[];
  /** Who wrote it down first, where that is known. */
  readonly source?: Source;
  /** Throws `option` for an unknown option or a value out of range. */
  readonly make: (options?: SurfaceOptions) => Surface;
}
