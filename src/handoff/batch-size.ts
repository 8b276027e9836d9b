/**
 * A graph is traced for one batch size, and its shapes and constants hold that number. Traced for three sizes, whatever
 * differs shows how it depends on the size: that is written as a formula of n.
 */
import { SteepestError } from "../run/errors.ts";
import { pyNumber } from "./python-text.ts";

/** Primes, so that no other size of a model is likely to change along with them. */
export const TRACE_SIZES = [5, 7, 11] as const;

export type Three = readonly [number, number, number];

/** slope·n + offset for a batch of n rows. */
export interface Line {
  readonly slope: number;
  readonly offset: number;
}

/** The line through all three points, or null. */
function line([a, b, c]: Three): Line | null {
  const [p, q, r] = TRACE_SIZES;
  const slope = (b - a) / (q - p);
  const offset = a - slope * p;
  const near = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(y));
  const [s, o] = [Math.round(slope), Math.round(offset)];
  return near(slope, s) && near(offset, o) && near(s * r + o, c) ? { slope: s, offset: o } : null;
}

function lineText({ slope, offset }: Line): string {
  const product = slope === 1 ? "n" : `${slope} * n`;
  if (offset === 0) return product;
  return `${product} ${offset > 0 ? "+" : "-"} ${Math.abs(offset)}`;
}

/** A size or index as a line in n. Throws `handoff-batch`. */
export function sizeLine(values: Three, what: string): Line {
  const found = line(values);
  if (found !== null) return found;
  throw unknown(what, values);
}

/** A size or index as text. Throws `handoff-batch`. */
export function sizeText(values: Three, what: string): string {
  const found = sizeLine(values, what);
  return found.slope === 0 ? String(found.offset) : lineText(found);
}

/** A number, or what it is of a line in n: the line, 1 divided by it, or m/(m − 1) of it as in an unbiased variance. */
export type ConstantForm =
  | { readonly form: "number"; readonly value: number }
  | { readonly form: "line" | "inverse" | "counted"; readonly line: Line };

/** How a constant depends on the batch size. Throws `handoff-batch`. */
export function constantForm(values: Three, what: string): ConstantForm {
  if (values.every((v) => Object.is(v, values[0]))) return { form: "number", value: values[0] };
  const over = (f: (v: number) => number): Line | null => line([f(values[0]), f(values[1]), f(values[2])]);
  const straight = over((v) => v);
  if (straight !== null) return { form: "line", line: straight };
  const inverse = over((v) => 1 / v);
  if (inverse !== null) return { form: "inverse", line: inverse };
  const counted = over((v) => v / (v - 1));
  if (counted !== null) return { form: "counted", line: counted };
  throw unknown(what, values);
}

/** A constant as text. Throws `handoff-batch`. */
export function constantText(values: Three, what: string): string {
  const found = constantForm(values, what);
  if (found.form === "number") return pyNumber(found.value);
  const text = lineText(found.line);
  if (found.form === "line") return text === "n" ? "n" : `(${text})`;
  if (found.form === "inverse") return `(1 / (${text}))`;
  return `((${text}) / (${text} - 1))`;
}

const unknown = (what: string, values: Three): SteepestError =>
  new SteepestError(
    "handoff-batch",
    `${what} depends on the batch size in a way that can't be written for every size: ${values.join(", ")} for batches of ${TRACE_SIZES.join(", ")} rows`,
    { help: "let the model and the loss treat rows alike, with means or sums over the batch" },
  );
