/**
 * What options of schedules have beside those of every family (`run/options.ts`): lists of any length, functions, schedules
 * in schedules, records, and lengths that the run fills in. One builder per kind, from which come the TypeScript type, the
 * checks and the documentation.
 */
import { SteepestError } from "../../run/errors.ts";
import { type Range, showRange, showValue, unknownOption, unmet, type ValueKind } from "../../run/options.ts";
import { isRecord } from "../../run/record.ts";
import type { RunLengths, Schedule, ScheduleSpec } from "./types.ts";

/** Options of a schedule as they were given, before they are checked. */
export type Options = Readonly<Record<string, unknown>>;

interface Rules<T> {
  readonly default?: T;
  readonly required?: true;
  /** What happens when it is left out and has no constant default: "lr / 25". */
  readonly otherwise?: string;
  /** The trainer's length that fills it when it is left out. */
  readonly filledFrom?: keyof RunLengths;
}

/**
 * What an option of a schedule may hold. A `record` is an object of numbers, such as one milestone with its
 * rate.
 */
export type OptionType =
  | "number"
  | "integer"
  | "boolean"
  | "choice"
  | "number[]"
  | "function"
  | "schedule"
  | "schedule[]"
  | "record[]";

/** One option of a schedule: type, range, default and meaning. */
export interface OptionSpec<T = unknown> extends Rules<T>, Range {
  readonly type: OptionType;
  readonly description: string;
  readonly choices?: readonly string[];
  /** Other libraries' words for a choice → ours. */
  readonly synonyms?: Readonly<Record<string, string>>;
  /** Only for number[]: each at least as large as the one before. */
  readonly ascending?: true;
  /** Only for record[]: the fields of each record. */
  readonly fields?: Readonly<Record<string, OptionSpec>>;
}

/** An option that may be left out without a default arrives as null. */
type Arrives<T, R> = R extends { readonly default: unknown } | { readonly required: true } ? T : T | null;

export function number<const R extends Rules<number> & Range>(
  description: string,
  rules: R,
): OptionSpec<Arrives<number, R>> {
  return { type: "number", description, ...rules };
}

export function integer<const R extends Rules<number> & Range>(
  description: string,
  rules: R,
): OptionSpec<Arrives<number, R>> {
  return { type: "integer", description, ...rules };
}

export function boolean(description: string, rules: { readonly default: boolean }): OptionSpec<boolean> {
  return { type: "boolean", description, ...rules };
}

export function choice<const C extends readonly string[]>(
  description: string,
  choices: C,
  rules: { readonly default: C[number]; readonly synonyms?: Readonly<Record<string, C[number]>> },
): OptionSpec<C[number]> {
  return { type: "choice", description, choices, ...rules };
}

export function numbers<const R extends Rules<readonly number[]> & Range & { readonly ascending?: true }>(
  description: string,
  rules: R,
): OptionSpec<Arrives<readonly number[], R>> {
  return { type: "number[]", description, ...rules };
}

export type NumberFunction = (x: number) => number;

/** Only from code: a JSON run file can't hold one. */
export function fn<const R extends Rules<NumberFunction>>(
  description: string,
  rules: R,
): OptionSpec<Arrives<NumberFunction, R>> {
  return { type: "function", description, ...rules };
}

/** A member of a combinator: a specification, or from code a function. */
export type Member = ScheduleSpec | Schedule;

export function schedule(description: string): OptionSpec<Member> {
  return { type: "schedule", description, required: true };
}

export function scheduleList(description: string): OptionSpec<readonly Member[]> {
  return { type: "schedule[]", description, required: true };
}

export function records<const F extends Readonly<Record<string, OptionSpec>>>(
  description: string,
  fields: F,
): OptionSpec<readonly ValuesOf<F>[]> {
  return { type: "record[]", description, fields, required: true };
}

export type ValuesOf<S extends Readonly<Record<string, OptionSpec>>> = {
  readonly [K in keyof S]: S[K] extends OptionSpec<infer T> ? T : never;
};

export function badOption(at: string, key: string, what: string, help?: string): SteepestError {
  return new SteepestError("schedule-option", what, { where: `at ${at}.${key}`, help });
}

/**
 * Checks `given` against the specifications and completes it with the run's lengths and the defaults.
 * `alsoKnown` are other names that a misspelt key may have meant.
 * Throws SteepestError naming the key for an unknown, missing or out-of-range option.
 */
export function resolveOptions(
  owner: string,
  specs: Readonly<Record<string, OptionSpec>>,
  given: Options,
  { at, run, alsoKnown = [] }: { at: string; run: RunLengths; alsoKnown?: readonly string[] },
): Options {
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(specs, key)) continue;
    const { what, help } = unknownOption(owner, key, Object.keys(specs), alsoKnown);
    throw badOption(at, key, what, help);
  }
  const resolved: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(specs)) {
    const filled = spec.filledFrom ? run[spec.filledFrom] : undefined;
    const value = given[key] ?? filled ?? spec.default;
    if (value === undefined) {
      if (!spec.required) {
        resolved[key] = null;
        continue;
      }
      const help = spec.filledFrom
        ? `give ${key} (training fills it in with ${spec.filledFrom}): ${spec.description}`
        : `give ${key}: ${spec.description}`;
      throw badOption(at, key, `${owner} needs the option "${key}"`, help);
    }
    resolved[key] = checkValue(spec, value, at, key);
  }
  return resolved;
}

function checkValue(spec: OptionSpec, value: unknown, at: string, key: string): unknown {
  const refuse = (expected: string): SteepestError =>
    badOption(at, key, `${key} is ${showValue(value)}`, `${key} must be ${expected}: ${spec.description}`);
  switch (spec.type) {
    case "number":
    case "integer":
      if (unmet(numberKind(spec), value) !== null) throw refuse(describeRange(spec));
      return value;
    case "boolean": {
      const wanted = unmet({ type: "boolean" }, value);
      if (wanted !== null) throw refuse(wanted);
      return value;
    }
    case "choice": {
      const { choices = [], synonyms = {} } = spec;
      const word = typeof value === "string" && Object.hasOwn(synonyms, value) ? synonyms[value] : value;
      const wanted = unmet({ type: "choice", choices }, word);
      if (wanted !== null) throw refuse(wanted);
      return word;
    }
    case "number[]":
      if (!Array.isArray(value)) throw refuse("a list of numbers");
      checkList(spec, value, at, key);
      return value;
    case "function":
      if (typeof value !== "function") throw refuse("a function from number to number");
      return value;
    case "schedule":
      if (!isMember(value)) throw refuse(`a schedule such as { "name": "constant" }`);
      return value;
    case "schedule[]":
      if (!Array.isArray(value) || value.length === 0 || !value.every(isMember))
        throw refuse(`a list of schedules such as [{ "name": "constant" }]`);
      return value;
    case "record[]": {
      if (!Array.isArray(value) || value.length === 0) throw refuse("a list of records");
      return value.map((item: unknown, i) => {
        if (!isRecord(item)) throw badOption(at, `${key}[${i}]`, `${key}[${i}] is ${showValue(item)}`);
        return resolveOptions(key, spec.fields ?? {}, item, { at: `${at}.${key}[${i}]`, run: {} });
      });
    }
  }
}

/** Each of the list's numbers, and their order. */
function checkList(spec: OptionSpec, list: readonly unknown[], at: string, key: string): void {
  list.forEach((item, i) => {
    const place = `${key}[${i}]`;
    if (unmet(numberKind(spec), item) !== null)
      throw badOption(at, place, `${place} is ${showValue(item)}`, `it must be ${describeRange(spec)}`);
    const previous = list[i - 1];
    if (spec.ascending && Number(previous) > Number(item))
      throw badOption(
        at,
        place,
        `${key} goes from ${String(previous)} down to ${String(item)}`,
        `sort ${key} in ascending order`,
      );
  });
}

/** The number that the option, or each of its list, is. */
const numberKind = (spec: OptionSpec): ValueKind => ({
  ...spec,
  type: "number",
  integer: spec.type === "integer",
});

/** "a finite number in (0, 1]": for messages and for the documentation's tables. */
export function describeRange(spec: OptionSpec): string {
  const kind = spec.type === "integer" ? "a whole number" : "a finite number";
  return `${kind} ${showRange(spec)}`.trimEnd();
}

function isMember(value: unknown): value is Member {
  return typeof value === "function" || (isRecord(value) && typeof value["name"] === "string");
}
