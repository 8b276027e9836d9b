import type { State, Tensors, Transform } from "./transform.ts";
import { feedsOf } from "./wrappers/inner.ts";

/**
 * Transforms one after the other, each fed with the updates of the one before. `false` and `null` parts are left out,
 * so that an option can switch a part: `chain(weightDecay > 0 && addDecayedWeights(weightDecay), …)`.
 */
export function chain(...parts: readonly (Transform | false | null)[]): Transform {
  const transforms = parts.filter((t): t is Transform => t !== false && t !== null);
  const keys = stateKeys(transforms);
  const lr = transforms.findLast((t) => t.lr !== undefined)?.lr;
  const rows = transforms.flatMap((t) => (t.declared === undefined ? [] : [t.declared]));
  const evaluator = transforms.findLastIndex((t) => t.evaluationParams !== undefined);
  const measures = transforms.some((t) => t.measure !== undefined);
  return {
    ...(lr === undefined ? {} : { lr }),
    ...feedsOf(...transforms),
    ...(rows.length === 1 && rows[0] !== undefined ? { declared: rows[0] } : {}),
    ...(transforms.some((t) => t.errorIfNonfinite === true) ? { errorIfNonfinite: true } : {}),
    ...(evaluator < 0
      ? {}
      : {
          evaluationParams: (params, state) =>
            transforms[evaluator]!.evaluationParams!(params, state[keys[evaluator]!] as State),
        }),
    ...(measures
      ? {
          measure: (grads, state, params, hyper) => {
            let flow: Tensors = grads;
            const found: Tensors[] = [];
            transforms.forEach((t, i) => {
              const own = state[keys[i]!] as State;
              if (t.measure) found.push(t.measure(flow, own, params, hyper));
              [flow] = t.update(flow, own, params, hyper);
            });
            // of equal names the first counts: the norm before the first clip is the gradient's norm
            return Object.assign({}, ...found.reverse()) as Tensors;
          },
        }
      : {}),
    init: (params) => Object.fromEntries(transforms.map((t, i) => [keys[i]!, t.init(params)])),
    update: (grads, state, params, hyper) => {
      let flow: Tensors = grads;
      const next: Record<string, State> = {};
      transforms.forEach((t, i) => {
        [flow, next[keys[i]!]] = t.update(flow, state[keys[i]!] as State, params, hyper);
      });
      return [flow, next];
    },
  };
}

/** Names of the parts, numbered where they repeat; the position where there is none. */
function stateKeys(transforms: readonly Transform[]): string[] {
  const seen = new Map<string, number>();
  return transforms.map((t, i) => {
    const key = t.name ?? String(i);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count === 1 ? key : `${key}_${count}`;
  });
}
