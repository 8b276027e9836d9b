import { type OptionSpec, type OptionSpecs, resolveOptions } from "../run/options.ts";
import type { Elsewhere, Row, Source } from "../run/table.ts";
import { type Modifiers, modified, modifiersFor, modifies } from "./modifiers.ts";
import type { TorchClass } from "./torch.ts";
import type { Transform } from "./transform.ts";

/** The largest learning rate that is stable on a quadratic whose largest curvature is `sharpness`. */
export interface StabilityLimit<O> {
  readonly limit: (options: O, sharpness: number) => number;
  /** The rule in words. */
  readonly rule: string;
  /** Given where sharpness is that of P⁻¹H: how the diagonal P comes from the optimizer's state. */
  readonly preconditioner?: Preconditioner<O>;
  /** Settings under which it stands beside any run's own limit, each as a run file says them; absent: beside none. */
  readonly beside?: readonly Partial<O>[];
}

export interface Preconditioner<O> {
  /** The tensor kept for each parameter that P is made from. */
  readonly slot: (options: O) => string;
  /** One entry of that tensor → one of P, after so many steps; Infinity when what starts up has settled. */
  readonly of: (options: O, step: number) => (kept: number) => number;
}

/** What an update is made of: the gradient, an average of gradients, those divided by their size, signs, matrices. */
export type OptimizerKind = "gradient" | "momentum" | "adaptive" | "sign" | "matrix";

/** How the best rate grows with the batch: with it while the update is linear in the gradient, else with its root. */
export type BatchRule = "linear" | "square-root";

/** What a row says whatever its options are. */
interface Facts extends Row {
  /** The update in one line of plain text, in the paper's letters: θ parameters, g gradient, η learning rate, t step from 1. */
  readonly formula: string;
  readonly source: Source;
  readonly kind: OptimizerKind;
  readonly batchRule: BatchRule;
  /** State tensors that the paper divides by 1 − βᵗ, each with β's place among `betas`; null where none is. */
  readonly corrected: Readonly<Record<string, number>> | null;
}

/** An optimizer's row of the table: all that help, docs, the lab and the hand-off to PyTorch know of it. */
export interface OptimizerRow extends Facts {
  readonly options: readonly (OptionSpec & { readonly name: string })[];
  readonly elsewhere: Elsewhere;
  /** Its equal in PyTorch under these options, complete and checked; null where only its formula says what it does. */
  readonly torch: (options: Readonly<Record<string, unknown>>) => TorchClass | null;
  /** Takes complete options, as `resolveOptions` gives them. */
  readonly stabilityLimit?: StabilityLimit<Readonly<Record<string, unknown>>>;
  /** Which of its options are modifiers, laid over it; why it takes none. */
  readonly modifiers: { readonly options: readonly string[]; readonly none?: string };
  /** Whether these options switch a modifier on: then what is proved or known of the plain row does not hold. */
  readonly isModified: (options: object) => boolean;
  /** Needs `hyper.loss`, `hyper.evaluate` or `hyper.key`: the host has to provide them. */
  readonly needs: readonly ("loss" | "evaluate" | "key")[];
  /** The transform; its `lr` is the option's value. Throws `option` as `resolveOptions`. */
  readonly make: (options?: Readonly<Record<string, unknown>>) => Transform;
}

/**
 * What `defineOptimizer` takes: an optimizer's row of the table and how its transform is made. `O` are its
 * options, complete. A field that is forgotten does not compile.
 */
export interface Definition<O extends { readonly lr: number }> extends Facts {
  readonly options: OptionSpecs<O>;
  readonly elsewhere: Partial<Elsewhere>;
  /** Its equal in PyTorch; null where it has none, or where these options have none. */
  readonly torch: ((options: O) => TorchClass | null) | null;
  readonly stabilityLimit?: StabilityLimit<O>;
  readonly needs?: OptimizerRow["needs"];
  /** Whether `weightDecay` is taken off the weights apart from the gradient, at the rate's share; absent: it is not. */
  readonly decoupled?: (options: O) => boolean;
  /** Why nothing can be laid over it: its update is more than a step along a direction. Absent: modifiers apply. */
  readonly unmodified?: string;
  /** Throws for combinations of options that make no sense, beyond the ranges. */
  readonly make: (options: O) => Transform;
}

/** A function from options to the transform, which also carries its row of the table. */
export interface Optimizer<O> {
  (options?: Partial<O> & Partial<Omit<Modifiers, keyof O>>): Transform;
  readonly row: OptimizerRow;
}

/** Complete options, as the row's own functions take them. */
const complete = <O extends object>(options: object): O => options as O;

function limitOf<O extends object>({
  rule,
  limit,
  preconditioner: p,
  beside,
}: StabilityLimit<O>): NonNullable<OptimizerRow["stabilityLimit"]> {
  return {
    rule,
    limit: (options, sharpness) => limit(complete(options), sharpness),
    ...(beside && { beside }),
    ...(p && {
      preconditioner: {
        slot: (options) => p.slot(complete(options)),
        of: (options, step) => p.of(complete(options), step),
      },
    }),
  };
}

const pick = (options: object, keys: readonly string[]): Partial<Modifiers> =>
  Object.fromEntries(Object.entries(options).filter(([key]) => keys.includes(key)));

/** The row's transform under the modifiers that are on: those take over the decay where it is apart from the gradient. */
function makeModified<O extends { readonly lr: number }>(
  { make, decoupled }: Definition<O>,
  options: O,
  keys: readonly string[],
): Transform {
  const chosen = pick(options, keys);
  const rest = Object.fromEntries(Object.entries(options).filter(([key]) => !keys.includes(key)));
  if (!modifies(chosen)) return make(complete(rest));
  const { weightDecay = 0, maximize = false }: { weightDecay?: number; maximize?: boolean } = rest;
  const apart = chosen.cautiousWeightDecay === true || decoupled?.(options) === true;
  const inner = make(complete(apart ? { ...rest, weightDecay: 0 } : rest));
  return modified(inner, { ...chosen, decay: apart ? weightDecay : 0, maximize });
}

/** One row of the table: options are validated on every call, and `lr` is attached to the transform. */
export function defineOptimizer<O extends { readonly lr: number }>(definition: Definition<O>): Optimizer<O> {
  const {
    name,
    kind,
    batchRule,
    corrected,
    formula,
    source,
    about,
    stabilityLimit,
    torch,
    needs = [],
  } = definition;
  const own: Readonly<Record<string, OptionSpec>> = definition.options;
  const laidOver = definition.unmodified === undefined ? modifiersFor(own) : {};
  const specs: OptionSpecs<O> = { ...definition.options, ...laidOver };
  const make = (given: object = {}): Transform => {
    const options = resolveOptions<O>(name, specs, given);
    return {
      ...makeModified(definition, options, Object.keys(laidOver)),
      lr: options.lr,
      declared: { name, ...given },
    };
  };
  const isModified = (options: object): boolean => modifies(pick(options, Object.keys(laidOver)));
  const row: OptimizerRow = {
    name,
    kind,
    batchRule,
    corrected,
    options: Object.entries<OptionSpec>(specs).map(([key, spec]) => ({ name: key, ...spec })),
    formula,
    source,
    elsewhere: { pytorch: null, optax: null, keras: null, hf: null, ...definition.elsewhere },
    about,
    torch: (options) => (isModified(options) ? null : (torch?.(complete(options)) ?? null)),
    ...(stabilityLimit && { stabilityLimit: limitOf(stabilityLimit) }),
    modifiers: {
      options: Object.keys(laidOver),
      ...(definition.unmodified !== undefined && { none: definition.unmodified }),
    },
    isModified,
    needs,
    make,
  };
  return Object.assign((options: object = {}) => make(options), { row });
}
