import { SteepestError } from "../run/errors.ts";
import type { Layer } from "./layer.ts";

/** A layer, model or loss that cannot be built as asked. */
export const nnError = (what: string, help?: string): SteepestError =>
  new SteepestError("model", what, { help });

/** An error inside a layer, which says in which: children by their names, as parameters have them ("2.conv"). */
class LayerError extends SteepestError {
  readonly path: string;
  readonly inner: SteepestError;

  constructor(path: string, inner: SteepestError) {
    const { id, where, help, exitCode } = inner;
    const what = where === undefined ? inner.message : inner.message.slice(0, -`, ${where}`.length);
    const place = where === undefined ? `in layer ${path}` : `in layer ${path}, ${where}`;
    super(id, what, { where: place, help, exitCode, cause: inner });
    this.path = path;
    this.inner = inner;
  }
}

/** What `run` gives; its errors name the child that it is the forward pass of. */
export function inLayer<T>(child: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof LayerError) throw new LayerError(`${child}.${error.path}`, error.inner);
    throw error instanceof SteepestError ? new LayerError(child, error) : error;
  }
}

/** Refuses what is no layer, a function that was not called above all. Throws `model`. */
export function requireLayer(what: string, given: unknown): asserts given is Layer {
  if (typeof given === "object" && given !== null && "forward" in given && "params" in given) return;
  if (typeof given === "function")
    throw nnError(`${what} is a function that was not called`, "call it: nn.relu(), nn.linear(4, 2)");
  const shown = Array.isArray(given) ? "a list" : given === null ? "null" : typeof given;
  throw nnError(
    `${what} is ${shown === "undefined" ? "missing" : shown} and no layer`,
    "give a layer of nn, or several as nn.sequential(…)",
  );
}

/** Refuses sizes that are not whole numbers ≥ 1: `requireSizes("linear", { in: 3, out: 0 })`. */
export function requireSizes(owner: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1)
      throw nnError(`${owner}: ${name} must be a whole number of at least 1, not ${size}`);
  }
}

/** Refuses a probability outside [0, 1]. */
export function requireShare(owner: string, name: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw nnError(`${owner}: ${name} must lie between 0 and 1, not ${p}`);
}
