/** Which optimizers PyTorch has under the same formula, and which the project brings; all others are traced. */
import { optimizerEntry, optimizers as optimizerTable } from "../optim/optimizers.ts";
import { type OptionValue, resolveOptions } from "../optim/options.ts";
import { SteepestError } from "../run/errors.ts";

export type Options = Readonly<Record<string, OptionValue>>;

export interface Mapping {
  readonly library: "torch.optim" | "optimizers";
  readonly class: string;
  /** Its arguments besides lr; null where these options have no equal there. */
  readonly options: (o: Options) => Readonly<Record<string, unknown>> | null;
  /** State there → the end of the path it has in our checkpoints. */
  readonly state: (o: Options) => Readonly<Record<string, string>>;
  /** The argument that a schedule's momentum replaces. */
  readonly momentum: "momentum" | "betas" | "beta" | null;
}

const none = (): Readonly<Record<string, string>> => ({});
const moments = { exp_avg: "adam.m", exp_avg_sq: "adam.v" };

/** Adam's and AdamW's: one formula in which the options choose. */
const adamLike = (library: "Adam" | "AdamW"): Mapping => ({
  library: "torch.optim",
  class: library,
  options: (o) => {
    const decoupled = library === "AdamW" || o["decoupledWeightDecay"] === true;
    if (o["biasCorrection"] === false || decoupled !== (library === "AdamW")) return null;
    return {
      betas: o["betas"],
      eps: o["eps"],
      weight_decay: o["weightDecay"],
      amsgrad: o["amsgrad"],
      maximize: o["maximize"],
    };
  },
  state: (o) => (o["amsgrad"] === true ? { ...moments, max_exp_avg_sq: "adam.vmax" } : moments),
  momentum: "betas",
});

const plainDecay = (
  o: Options,
  rest: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | null =>
  o["maximize"] === true ? null : { weight_decay: o["weightDecay"], ...rest };

const own = (
  name: string,
  state: Readonly<Record<string, string>>,
  momentum: Mapping["momentum"],
): Mapping => ({
  library: "optimizers",
  class: name,
  options: ({ lr: _, ...o }) => o,
  state: () => state,
  momentum,
});

/** Checked against the embedded engine, see test/handoff. */
export const mappings: Readonly<Record<string, Mapping>> = {
  sgd: {
    library: "torch.optim",
    class: "SGD",
    options: (o) =>
      o["decoupledWeightDecay"] === true
        ? null
        : {
            momentum: o["momentum"],
            dampening: o["dampening"],
            nesterov: o["nesterov"],
            weight_decay: o["weightDecay"],
            maximize: o["maximize"],
          },
    state: (o) => (Number(o["momentum"]) > 0 ? { momentum_buffer: "momentum.buf" } : none()),
    momentum: "momentum",
  },
  adam: adamLike("Adam"),
  adamw: adamLike("AdamW"),
  adagrad: {
    library: "torch.optim",
    class: "Adagrad",
    options: (o) =>
      plainDecay(o, {
        lr_decay: o["lrDecay"],
        initial_accumulator_value: o["initialAccumulatorValue"],
        eps: o["eps"],
      }),
    state: () => ({ sum: "adagrad.sum" }),
    momentum: null,
  },
  rmsprop: {
    library: "torch.optim",
    class: "RMSprop",
    options: (o) =>
      plainDecay(o, { alpha: o["alpha"], eps: o["eps"], momentum: o["momentum"], centered: o["centered"] }),
    state: (o) => ({
      square_avg: "rms.v",
      ...(o["centered"] === true ? { grad_avg: "rms.mean" } : {}),
      ...(Number(o["momentum"]) > 0 ? { momentum_buffer: "momentum.buf" } : {}),
    }),
    momentum: "momentum",
  },
  adadelta: {
    library: "torch.optim",
    class: "Adadelta",
    options: (o) => plainDecay(o, { rho: o["rho"], eps: o["eps"] }),
    state: () => ({ square_avg: "adadelta.s", acc_delta: "adadelta.a" }),
    momentum: null,
  },
  adamax: {
    library: "torch.optim",
    class: "Adamax",
    options: (o) => plainDecay(o, { betas: o["betas"], eps: o["eps"] }),
    state: () => ({ exp_avg: "adamax.m", exp_inf: "adamax.u" }),
    momentum: "betas",
  },
  radam: {
    library: "torch.optim",
    class: "RAdam",
    options: (o) =>
      o["decoupledWeightDecay"] === true ? null : plainDecay(o, { betas: o["betas"], eps: o["eps"] }),
    state: () => ({ exp_avg: "radam.m", exp_avg_sq: "radam.v" }),
    momentum: "betas",
  },
  rprop: {
    library: "torch.optim",
    class: "Rprop",
    options: (o) => (o["maximize"] === true ? null : { etas: o["etas"], step_sizes: o["stepSizes"] }),
    state: () => ({ prev: "rprop.prev", step_size: "rprop.delta" }),
    momentum: null,
  },
  "ema-momentum": own("EmaMomentum", { m: "ema.m" }, "beta"),
  lamb: own("Lamb", { m: "adam.m", v: "adam.v" }, "betas"),
  lars: {
    ...own("Lars", {}, "momentum"),
    state: (o): Readonly<Record<string, string>> =>
      Number(o["momentum"]) > 0 ? { buf: "momentum.buf" } : {},
  },
  lion: own("Lion", { m: "lion.m" }, "betas"),
  "sign-sgd": own("SignSgd", {}, null),
  signum: own("Signum", { m: "ema.m" }, "beta"),
  adabelief: own("AdaBelief", { m: "adabelief.m", s: "adabelief.s" }, "betas"),
  yogi: own("Yogi", { m: "yogi.m", v: "yogi.v" }, "betas"),
  adan: own("Adan", { m: "adan.m", v: "adan.v", n: "adan.n", prev: "adan.prev" }, null),
};

export interface NamedOptimizer {
  readonly library: Mapping["library"];
  readonly class: string;
  readonly lr: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly momentum: Mapping["momentum"];
  readonly state: Readonly<Record<string, string>>;
}

/**
 * The optimizer as a class of torch.optim or of the project, with the checkpoint's path to each of its state tensors;
 * null where only its graph says what it does. `stateNames` are the names in the checkpoint, `param` any parameter's.
 */
export function namedOptimizer(
  { name, lr = Number.NaN, ...given }: { readonly name: string; readonly lr?: number | undefined },
  { stateNames, param }: { stateNames: readonly string[]; param: string },
): NamedOptimizer | null {
  const entry = optimizerEntry(name);
  refuseUntraceable(name);
  const mapping = mappings[name];
  if (mapping === undefined) return null;
  const specs = Object.fromEntries(entry.options.map((o) => [o.name, o]));
  const resolved = resolveOptions(name, specs, given);
  const library = name === "adam" && resolved["decoupledWeightDecay"] === true ? mappings["adamw"]! : mapping;
  const options = library.options(resolved);
  if (options === null) return null;
  const slots = Object.entries(library.state(resolved));
  const state: Record<string, string> = {};
  for (const [there, here] of slots) {
    const found = stateNames.find((s) => s.endsWith(`.${here}.${param}`));
    if (found === undefined) return null;
    state[there] = found.slice(0, -param.length);
  }
  return {
    library: library.library,
    class: library.class,
    lr,
    options,
    // a momentum that is off stays off
    momentum: library.momentum === "momentum" && resolved["momentum"] === 0 ? null : library.momentum,
    state,
  };
}

/** Optimizers that evaluate the loss again, or draw noise, can't be written as a function of the gradient. */
function refuseUntraceable(name: string): void {
  const needs = (o: (typeof optimizerTable)[number]): boolean =>
    o.needs.includes("evaluate") || o.needs.includes("key");
  if (!needs(optimizerEntry(name))) return;
  const others = optimizerTable.filter((o) => !needs(o)).map((o) => o.name);
  throw new SteepestError(
    "handoff-optimizer",
    `${name} has no form in PyTorch: it needs more than the gradient`,
    {
      help: `use steepest's own engine, or one of ${others.join(", ")}`,
    },
  );
}
