import { type OptionSpec, type OptionSpecs, type OptionValue, resolveOptions } from "./options.ts";
import type { Transform } from "./transform.ts";

/** Where the update comes from and what it is, in the paper's letters. */
export interface Paper {
  readonly cite: string;
  readonly url?: string;
  /** The update in one line of plain text: θ parameters, g gradient, η learning rate, t step from 1. */
  readonly equation: string;
}

/** What the same optimizer is called in other libraries; null where they have none. */
export interface Elsewhere {
  readonly pytorch: string | null;
  readonly optax: string | null;
  readonly keras: string | null;
  readonly hf: string | null;
}

/** The largest learning rate that is stable on a quadratic whose largest curvature is `sharpness`. */
export interface StabilityLimit<O> {
  readonly limit: (options: O, sharpness: number) => number;
  /** The rule in words. */
  readonly rule: string;
  /** Given where sharpness is that of P⁻¹H: how the diagonal P comes from the optimizer's state. */
  readonly preconditioner?: Preconditioner<O>;
}

export interface Preconditioner<O> {
  /** The tensor kept for each parameter that P is made from. */
  readonly slot: (options: O) => string;
  /** One entry of that tensor → one of P, after so many steps; Infinity when what starts up has settled. */
  readonly of: (options: O, step: number) => (kept: number) => number;
}

export interface OptimizerEntry {
  readonly name: string;
  readonly options: readonly (OptionSpec & { readonly name: string })[];
  readonly paper: Paper;
  readonly elsewhere: Elsewhere;
  readonly purpose: string;
  readonly stabilityLimit?: StabilityLimit<Readonly<Record<string, unknown>>>;
  /** Needs `hyper.loss`, `hyper.evaluate` or `hyper.key`: the host has to provide them. */
  readonly needs: readonly ("loss" | "evaluate" | "key")[];
  /** The transform; its `lr` is the option's value. Throws `option` as `resolveOptions`. */
  readonly make: (options?: Readonly<Record<string, unknown>>) => Transform;
}

export interface Definition<O extends { readonly lr: number }> {
  readonly name: string;
  readonly options: OptionSpecs<O>;
  readonly paper: Paper;
  readonly elsewhere: Partial<Elsewhere>;
  readonly purpose: string;
  readonly stabilityLimit?: StabilityLimit<O>;
  readonly needs?: OptimizerEntry["needs"];
  /** Throws for combinations of options that make no sense, beyond the ranges. */
  readonly make: (options: O) => Transform;
}

/** A function from options to the transform, which also carries its row of the table. */
export interface Optimizer<O> {
  (options?: Partial<O>): Transform;
  readonly entry: OptimizerEntry;
}

/** One row of the table: options are validated on every call, and `lr` is attached to the transform. */
export function defineOptimizer<O extends { readonly lr: number }>(definition: Definition<O>): Optimizer<O> {
  const { name, paper, purpose, stabilityLimit, needs = [] } = definition;
  const specs = definition.options as Readonly<Record<string, OptionSpec>>;
  const make = (given: Readonly<Record<string, OptionValue | undefined>> = {}): Transform => {
    const options = resolveOptions(name, specs, given) as unknown as O;
    return { ...definition.make(options), lr: options.lr };
  };
  const entry: OptimizerEntry = {
    name,
    options: Object.entries(specs).map(([key, spec]) => ({ name: key, ...spec })),
    paper,
    elsewhere: { pytorch: null, optax: null, keras: null, hf: null, ...definition.elsewhere },
    purpose,
    ...(stabilityLimit === undefined
      ? {}
      : { stabilityLimit: stabilityLimit as unknown as NonNullable<OptimizerEntry["stabilityLimit"]> }),
    needs,
    make: make as OptimizerEntry["make"],
  };
  return Object.assign((options: Partial<O> = {}) => make(options as Record<string, OptionValue>), { entry });
}
