/** Options as data: what optimizers, clips, losses and surfaces let a user set, its checks and its words; ranges of numbers. */
import { closest, SteepestError } from "./errors.ts";

/** The ends between which a number has to lie; an end that is absent does not bind. */
export interface Range {
  /** ≥ */
  readonly min?: number;
  /** > */
  readonly above?: number;
  /** ≤ */
  readonly max?: number;
  /** < */
  readonly below?: number;
}

/** Finite, and between the ends. */
export const isInRange = (
  v: number,
  { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity }: Range,
): boolean => Number.isFinite(v) && v >= min && v > above && v <= max && v < below;

/** "> 0 and ≤ 1", or "" */
const showBounds = ({ above, min, max, below }: Range): string =>
  [
    above === undefined ? [] : [`> ${above}`],
    min === undefined ? [] : [`≥ ${min}`],
    max === undefined ? [] : [`≤ ${max}`],
    below === undefined ? [] : [`< ${below}`],
  ]
    .flat()
    .join(" and ");

/** "in [0, 1)" where there are two ends; else as `showBounds`. */
export function showRange(range: Range): string {
  const low = range.above ?? range.min;
  const high = range.below ?? range.max;
  if (low === undefined || high === undefined) return showBounds(range);
  return `in ${range.above === undefined ? "[" : "("}${low}, ${high}${range.below === undefined ? "]" : ")"}`;
}

/** What an option may hold: in run files, flags and code alike. */
export type OptionValue = number | boolean | string | null | readonly (number | null)[];

/** What a value may be. */
export type ValueKind =
  | ({ readonly type: "number"; readonly integer?: boolean; readonly nullable?: boolean } & Range)
  | ({ readonly type: "numbers"; readonly length: number; readonly nullable?: boolean } & Range)
  | { readonly type: "boolean" }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  | { readonly type: "text" };

/** One row of a help text: how an option is called, what it may be, what it does. */
export type OptionSpec<V extends OptionValue = OptionValue> = {
  readonly default: V;
  readonly description: string;
} & ValueKind;

/** An options interface described option by option; a missing or mistyped row does not compile. */
export type OptionSpecs<O> = { readonly [K in keyof O]-?: OptionSpec<Extract<O[K], OptionValue>> };

/** Words for the specs, so that a table row reads as a sentence. */
export const number = (
  value: number,
  description: string,
  range: Range & { readonly integer?: boolean } = {},
): OptionSpec<number> => ({ type: "number", default: value, description, ...range });

export const maybeNumber = (
  description: string,
  range: Range & { readonly integer?: boolean } = {},
): OptionSpec<number | null> => ({ type: "number", default: null, nullable: true, description, ...range });

export const flag = (description: string, value = false): OptionSpec<boolean> => ({
  type: "boolean",
  default: value,
  description,
});

export const choice = <C extends string>(
  choices: readonly C[],
  value: C,
  description: string,
): OptionSpec<C> => ({ type: "choice", choices, default: value, description });

export const text = (value: string, description: string): OptionSpec<string> => ({
  type: "text",
  default: value,
  description,
});

/** A value as a message shows it. */
export function showValue(value: unknown): string {
  if (typeof value === "function") return "a function";
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}

/** What the kind asks for, in words; null when the value is fine. */
export function unmet(spec: ValueKind, value: unknown): string | null {
  switch (spec.type) {
    case "boolean":
      return typeof value === "boolean" ? null : "true or false";
    case "text":
      return typeof value === "string" ? null : "a text";
    case "choice":
      return spec.choices.includes(value as string) ? null : `one of ${spec.choices.join(", ")}`;
    case "number": {
      if (value === null && spec.nullable) return null;
      const whole = spec.integer === true;
      const ok = typeof value === "number" && isInRange(value, spec) && (!whole || Number.isInteger(value));
      return ok ? null : `a ${whole ? "whole " : ""}number ${showRange(spec)}`.trimEnd();
    }
    case "numbers": {
      const fine = (v: unknown): boolean =>
        (v === null && spec.nullable === true) || (typeof v === "number" && isInRange(v, spec));
      const ok = Array.isArray(value) && value.length === spec.length && value.every(fine);
      return ok ? null : `${spec.length} numbers ${showRange(spec)}`.trimEnd();
    }
  }
}

/** For a name that is none of the owner's options: the closest of them, or all. `alsoKnown`: others it may have meant. */
export function unknownOption(
  owner: string,
  name: string,
  options: readonly string[],
  alsoKnown: readonly string[] = [],
): { readonly what: string; readonly help: string } {
  const near = closest(name, [...options, ...alsoKnown]);
  return {
    what: `${owner} has no option ${showValue(name)}`,
    help: near ? `did you mean "${near}"?` : `its options are ${options.join(", ") || "none"}`,
  };
}

/**
 * Defaults overridden by the given values. Throws `code` for a name that is not in the table (with the closest one)
 * or a value outside its range, naming owner, key and value.
 */
export function resolveOptions<O extends object = Record<string, OptionValue>>(
  owner: string,
  table: OptionSpecs<O>,
  given: object,
  { code = "option" }: { code?: string } = {},
): O {
  const specs: Readonly<Record<string, OptionSpec>> = { ...table };
  const out: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(specs)) out[name] = spec.default;
  for (const [name, value] of Object.entries<unknown>({ ...given })) {
    if (value === undefined) continue;
    const spec = specs[name];
    if (spec === undefined) {
      const { what, help } = unknownOption(owner, name, Object.keys(specs));
      throw new SteepestError(code, what, { help });
    }
    const wanted = unmet(spec, value);
    if (wanted !== null) {
      throw new SteepestError(code, `${owner}: ${name} is ${showValue(value)}`, {
        help: `give ${name} ${wanted}`,
      });
    }
    out[name] = value as OptionValue;
  }
  return out as O;
}
