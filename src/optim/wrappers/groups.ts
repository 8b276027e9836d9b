import { type Expr, zerosLike } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { makeOptimizer } from "../optimizers.ts";
import type { Schedule } from "../schedules/index.ts";
import { mapTensors } from "../tensors.ts";
import type { Transform } from "../transform.ts";
import { withLrFactor } from "./lr-factor.ts";
import { partition } from "./partition.ts";
import { withOwnRate } from "./scheduled.ts";

/** Names, a pattern their names match, or a test on name and tensor. */
export type Match = RegExp | readonly string[] | ((name: string, param: Expr) => boolean);

const matches = (match: Match, name: string, p: Expr): boolean => {
  if (typeof match === "function") return match(name, p);
  return match instanceof RegExp ? match.test(name) : match.includes(name);
};

/** Updates of zero: the parameters stay. */
export const freeze = (): Transform => ({
  name: "frozen",
  init: () => ({}),
  update: (grads) => [mapTensors(grads, zerosLike), {}],
});

const passThrough: Transform = { init: () => ({}), update: (grads) => [grads, {}] };

/** `inner` for the parameters that match; the others' gradients go through unchanged (or use `otherwise`). */
export const masked = (inner: Transform, match: Match, otherwise: Transform = passThrough): Transform => ({
  ...requiring(
    [match],
    partition({ masked: inner, others: otherwise }, (name, p) =>
      matches(match, name, p) ? "masked" : "others",
    ),
  ),
  ...(inner.lr === undefined ? {} : { lr: inner.lr }),
});

/** The same transform; it refuses parameters of which a pattern matches none. Throws `option`. */
const requiring = (patterns: readonly Match[], transform: Transform): Transform => ({
  ...transform,
  init: (params) => {
    const names = Object.keys(params);
    patterns.forEach((match, i) => {
      if (names.some((name) => matches(match, name, params[name]!))) return;
      const shown = typeof match === "function" ? "the function" : String(match);
      throw new SteepestError("option", `no parameter matches ${shown}`, {
        where: patterns.length > 1 ? `in group ${i + 1}` : undefined,
        help: `the model's parameters are ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`,
      });
    });
    return transform.init(params);
  },
});

/** One parameter group, as PyTorch has them: whom it takes, and what differs there from the common options. */
export interface Group {
  readonly match: Match;
  /** Options that differ from the common ones; `lr` keeps its ratio to the common rate under any schedule. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly frozen?: boolean;
  /** The group's rate at each step, counted from 0, whatever the common schedule does. */
  readonly schedule?: Schedule;
}

/**
 * PyTorch's parameter groups: each parameter goes to the first group it matches, the rest to the common options.
 * Throws `option` for bad options of any group.
 */
export function parameterGroups(
  optimizer: string,
  options: Readonly<Record<string, unknown>>,
  groups: readonly Group[],
): Transform {
  const common = makeOptimizer(optimizer, options);
  const base = common.lr;
  if (base === undefined) {
    throw new SteepestError("option", `${optimizer} has no learning rate for its groups to scale`);
  }
  const parts = groups.map((group, i): Transform => {
    if (group.frozen) return freeze();
    const own = makeOptimizer(optimizer, { ...options, ...group.options });
    if (group.schedule !== undefined) return withOwnRate(own, `group${i}.lr`, group.schedule);
    return own.lr === base ? own : withLrFactor(own, own.lr! / base);
  });
  return {
    ...requiring(
      groups.map((g) => g.match),
      partition({ common, ...Object.fromEntries(parts.map((part, i) => [`group${i}`, part])) }, (name, p) => {
        const at = groups.findIndex((g) => matches(g.match, name, p));
        return at < 0 ? "common" : `group${at}`;
      }),
    ),
    lr: base,
  };
}
