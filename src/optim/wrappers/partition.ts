import { add, type Expr } from "../../engine/graph/index.ts";
import { SteepestError } from "../../run/errors.ts";
import type { State, Tensors, Transform } from "../transform.ts";
import { feedsOf } from "./inner.ts";

const pick = (tensors: Tensors, names: readonly string[]): Tensors =>
  Object.fromEntries(names.map((n) => [n, tensors[n]!]));

/**
 * Each parameter goes to the transform `assign` names, which sees only its own parameters. Throws `partition` when
 * `assign` names none of `parts`.
 */
export function partition(
  parts: Readonly<Record<string, Transform>>,
  assign: (name: string, param: Expr) => string,
): Transform {
  const members = (params: Tensors): [string, Transform, string[]][] => {
    const lists = new Map<string, string[]>(Object.keys(parts).map((k) => [k, []]));
    for (const [name, p] of Object.entries(params)) {
      const key = assign(name, p);
      const list = lists.get(key);
      if (list === undefined) {
        throw new SteepestError("partition", `parameter ${name} is assigned to ${JSON.stringify(key)}`, {
          help: `assign it to one of ${Object.keys(parts).join(", ")}`,
        });
      }
      list.push(name);
    }
    return [...lists].map(([key, names]) => [key, parts[key]!, names]);
  };
  const merge = (params: Tensors, f: (key: string, part: Transform, names: string[]) => Tensors): Tensors =>
    Object.assign({}, ...members(params).map(([key, part, names]) => f(key, part, names))) as Tensors;
  const all = Object.values(parts);
  const strict = all.some((t) => t.errorIfNonfinite === true);
  const rates = new Set(all.flatMap((t) => (t.lr === undefined ? [] : [t.lr])));
  const [rate] = rates;
  return {
    name: "groups",
    // parts that differ have no rate in common: a schedule or the caller gives one
    ...(rates.size === 1 && rate !== undefined ? { lr: rate } : {}),
    ...(strict ? { errorIfNonfinite: true } : {}),
    ...feedsOf(...all),
    init: (params) =>
      Object.fromEntries(members(params).map(([key, part, names]) => [key, part.init(pick(params, names))])),
    update: (grads, state, params, hyper) => {
      const next: Record<string, State> = {};
      const updates = merge(params, (key, part, names) => {
        const [u, s] = part.update(pick(grads, names), state[key] as State, pick(params, names), hyper);
        next[key] = s;
        return u;
      });
      // in the order of the parameters, whatever the groups
      return [pick(updates, Object.keys(grads)), next];
    },
    ...(all.some((t) => t.measure)
      ? {
          measure: (grads: Tensors, state: State, params: Tensors, hyper) => {
            const counts: Expr[] = [];
            const merged = merge(params, (key, part, names) => {
              const own =
                part.measure?.(pick(grads, names), state[key] as State, pick(params, names), hyper) ?? {};
              const count = own["nonFinite"];
              if (part.errorIfNonfinite === true && count !== undefined) counts.push(count);
              return own;
            });
            // counted over all parts that refuse such gradients, and over no other
            return counts.length > 0 ? { ...merged, nonFinite: counts.reduce((a, b) => add(a, b)) } : merged;
          },
        }
      : {}),
    ...(all.some((t) => t.evaluationParams)
      ? {
          evaluationParams: (params: Tensors, state: State) =>
            merge(params, (key, part, names) =>
              part.evaluationParams
                ? part.evaluationParams(pick(params, names), state[key] as State)
                : pick(params, names),
            ),
        }
      : {}),
  };
}
