/** Fine-tuning: tensors of a model that training leaves as they are. */
import { closest, SteepestError } from "../run/errors.ts";
import type { InitRandom, Layer, ParamSpec, ParamSpecs } from "./layer.ts";

/**
 * The layer with some parameters kept and not trained: no gradient, no optimizer state, no decay. A pattern is a
 * parameter's name, the name of a module that holds it ("blocks.0"), or either with `*` for any characters. Batch norm's
 * running statistics still follow the batches, as in PyTorch. The same random numbers give the same initial values,
 * whatever is frozen. Throws `freeze` for a pattern without a match, and where nothing is left to train.
 */
export function freeze(layer: Layer, patterns: readonly string[]): Layer {
  if (patterns.length === 0) return layer;
  const names = Object.keys(layer.params);
  const matches = patterns.map((pattern) => names.filter((name) => matchesName(pattern, name)));
  const missing = matches.findIndex((found) => found.length === 0);
  if (missing >= 0) throw noMatch(patterns[missing]!, names);
  const frozen = new Set(matches.flat());
  if (frozen.size === names.length) {
    throw new SteepestError("freeze", "every parameter is frozen: there is nothing to train", {
      help: `leave one out; the parameters are ${shown(names)}`,
    });
  }
  const drawn = drawnInOrder(layer.params);
  const part = (kept: boolean): ParamSpecs =>
    Object.fromEntries(Object.entries(drawn).filter(([name]) => frozen.has(name) === kept));
  return {
    ...layer,
    params: part(false),
    buffers: { ...layer.buffers, ...part(true) },
    frozen: [...(layer.frozen ?? []), ...names.filter((name) => frozen.has(name))],
  };
}

/** Whether the layer keeps statistics of the batches it sees, as batch norm does. */
export const keepsStatistics = ({ buffers, frozen = [] }: Layer): boolean =>
  Object.keys(buffers).some((name) => !frozen.includes(name));

/** Whether a pattern names the tensor or a module that holds it. */
export function matchesName(pattern: string, name: string): boolean {
  return patternOf([pattern]).test(name);
}

/** What names of tensors match, for patterns as `freeze` takes them. */
export function patternOf(patterns: readonly string[]): RegExp {
  const texts = patterns.map((p) => p.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*"));
  return new RegExp(`^(${texts.join("|")})(\\..*)?$`);
}

/** The same specs; whichever is initialised first draws all of them, in the order of the model. */
function drawnInOrder(specs: ParamSpecs): ParamSpecs {
  const drawn = new WeakMap<InitRandom, Map<string, Float64Array>>();
  const valuesOf = (random: InitRandom): Map<string, Float64Array> => {
    const found = drawn.get(random);
    if (found !== undefined) return found;
    const made = new Map(Object.entries(specs).map(([name, spec]) => [name, spec.init(random)]));
    drawn.set(random, made);
    return made;
  };
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]): [string, ParamSpec] => [
      name,
      { shape, init: (random) => valuesOf(random).get(name)! },
    ]),
  );
}

const MAX_SHOWN = 12;
const shown = (names: readonly string[]): string =>
  names.slice(0, MAX_SHOWN).join(", ") +
  (names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : "");

function noMatch(pattern: string, names: readonly string[]): SteepestError {
  const modules = names.map((name) => name.slice(0, name.lastIndexOf(".")));
  const near = closest(pattern, [...names, ...modules]);
  return new SteepestError("freeze", `no parameter is called "${pattern}"`, {
    where: "at freeze",
    help: near === undefined ? `the parameters are ${shown(names)}` : `did you mean "${near}"?`,
  });
}
