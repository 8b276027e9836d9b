/**
 * A graph is traced for one batch size, and its shapes and constants hold that number. Traced for three sizes, whatever
 * differs shows how it depends on the size: that is written as a formula of n.
 */
import { SteepestError } from "../run/errors.ts";
import { pyNumber } from "./python-text.ts";

/** Primes, so that no other size of a model is likely to change along with them. */
export const TRACE_SIZES = [5, 7, 11] as const;

type Three = readonly [number, number, number];

/** slope·n + offset through all three points, or null. */
function line([a, b, c]: Three): { slope: number; offset: number } | null {
  const [p, q, r] = TRACE_SIZES;
  const slope = (b - a) / (q - p);
  const offset = a - slope * p;
  const near = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(y));
  const [s, o] = [Math.round(slope), Math.round(offset)];
  return near(slope, s) && near(offset, o) && near(s * r + o, c) ? { slope: s, offset: o } : null;
}

function lineText(values: Three): string | null {
  const found = line(values);
  if (found === null) return null;
  const { slope, offset } = found;
  const product = slope === 1 ? "n" : `${slope} * n`;
  if (offset === 0) return product;
  return `${product} ${offset > 0 ? "+" : "-"} ${Math.abs(offset)}`;
}

/** A size or index as text. Throws `handoff-batch`. */
export function sizeText(values: Three, what: string): string {
  if (values[0] === values[1] && values[1] === values[2]) return String(values[0]);
  const text = lineText(values);
  if (text !== null) return text;
  throw unknown(what, values);
}

/** A constant: a number, a multiple of n, one divided by it, or the n/(n − 1) of an unbiased variance. */
export function constantText(values: Three, what: string): string {
  if (values.every((v) => Object.is(v, values[0]))) return pyNumber(values[0]);
  const straight = lineText(values);
  if (straight !== null) return straight === "n" ? "n" : `(${straight})`;
  const inverse = lineText(values.map((v) => 1 / v) as unknown as Three);
  if (inverse !== null) return `(1 / (${inverse}))`;
  const counted = lineText(values.map((v) => v / (v - 1)) as unknown as Three);
  if (counted !== null) return `((${counted}) / (${counted} - 1))`;
  throw unknown(what, values);
}

const unknown = (what: string, values: Three): SteepestError =>
  new SteepestError(
    "handoff-batch",
    `${what} depends on the batch size in a way that can't be written for every size: ${values.join(", ")} for batches of ${TRACE_SIZES.join(", ")} rows`,
    { help: "let the model and the loss treat rows alike, with means or sums over the batch" },
  );
