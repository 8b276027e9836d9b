/** What a room's address can hold: one field per control, with its default, range and text form. */

export interface Field<T> {
  readonly default: T;
  /** Text of the address → value, or null when it is not one. */
  readonly parse: (text: string) => T | null;
  readonly format: (value: T) => string;
  /** What is allowed, for messages. */
  readonly allows: string;
}

export interface NumberField extends Field<number> {
  readonly min: number;
  readonly max: number;
  /** Distance of two values on a linear slider. */
  readonly step: number;
  readonly log: boolean;
}

export interface ChoiceField<T extends string> extends Field<T> {
  readonly choices: readonly T[];
}

export interface ListField<T extends string> extends Field<readonly T[]> {
  readonly choices: readonly T[];
}

/** At most 6 significant digits, so that addresses stay short; what the address says is what is shown. */
export const shortNumber = (x: number): string => String(Number(x.toPrecision(6)));

/** A number as people write it: 0.5, 0,5, 1e-3, −2. NaN: it is none. */
export function readNumber(text: string): number {
  const plain = text
    .trim()
    .replaceAll("−", "-")
    .replace(/^([^.,]*),([^.,]*)$/, "$1.$2");
  return plain === "" ? Number.NaN : Number(plain);
}

interface Numeric {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Default a hundredth of the range. */
  readonly step?: number;
  readonly log?: boolean;
}

export function number({ min, max, step = (max - min) / 100, log = false, ...rest }: Numeric): NumberField {
  if (log && min <= 0) throw new Error("a logarithmic field needs a positive minimum");
  return {
    default: rest.default,
    min,
    max,
    step,
    log,
    parse: (text) => {
      const value = readNumber(text);
      return value >= min && value <= max ? value : null;
    },
    format: shortNumber,
    allows: `a number from ${shortNumber(min)} to ${shortNumber(max)}`,
  };
}

export function int(options: Omit<Numeric, "log">): NumberField {
  const field = number({ step: 1, ...options });
  return {
    ...field,
    parse: (text) => {
      const value = field.parse(text);
      return value !== null && Number.isInteger(value) ? value : null;
    },
    format: String,
    allows: field.allows.replace("a number", "a whole number"),
  };
}

export const toggle = (on: boolean): Field<boolean> => ({
  default: on,
  parse: (text) => (text === "1" ? true : text === "0" ? false : null),
  format: (value) => (value ? "1" : "0"),
  allows: "0 or 1",
});

export const choice = <const T extends string>(choices: readonly T[], first: NoInfer<T>): ChoiceField<T> => ({
  default: first,
  choices,
  parse: (text) => choices.find((c) => c === text) ?? null,
  format: (value) => value,
  allows: `one of ${choices.join(", ")}`,
});

/** Some of the choices, in the order of the address, each once. */
export const list = <const T extends string>(
  choices: readonly T[],
  first: readonly NoInfer<T>[],
): ListField<T> => ({
  default: first,
  choices,
  parse: (text) => {
    const parts = text === "" ? [] : [...new Set(text.split(","))];
    const known = parts.flatMap((p) => choices.find((c) => c === p) ?? []);
    return known.length === parts.length ? known : null;
  },
  format: (values) => values.join(","),
  allows: `some of ${choices.join(", ")}`,
});

/** Free text, such as a formula. */
export const text = (first: string, { max = 400 }: { max?: number } = {}): Field<string> => ({
  default: first,
  parse: (written) => (written.length <= max ? written : null),
  format: (value) => value,
  allows: `at most ${max} characters`,
});
