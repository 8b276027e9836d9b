/** Boosted trees of depth 3 over the features of `features.ts`; the numbers are in `verdict-weights.ts`. */

/** Node i sends x left (2i+1) when x[feature[i]] < threshold[i], else right (2i+2); seven nodes, eight leaves. */
export interface Tree {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly leaves: readonly number[];
}

export interface VerdictModel {
  /** Log share of each class before any evidence. */
  readonly bias: readonly number[];
  /** trees[round][class] */
  readonly trees: readonly (readonly Tree[])[];
}

/** Softens the model: the value with the least log loss on families left out of the fit (`fit-verdict.ts left-out`). */
export const TEMPERATURE = 1.1;

/** Class probabilities for one run's features, in the order the model was fitted with. */
export function probabilities(
  model: VerdictModel,
  x: readonly number[],
  { temperature = TEMPERATURE }: { readonly temperature?: number } = {},
): number[] {
  const z = model.bias.map((b, k) => {
    let sum = b;
    for (const stage of model.trees) {
      const tree = stage[k]!;
      const inner = tree.feature.length;
      let node = 0;
      while (node < inner) node = 2 * node + (x[tree.feature[node]!]! < tree.threshold[node]! ? 1 : 2);
      sum += tree.leaves[node - inner]!;
    }
    return sum / temperature;
  });
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const all = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / all);
}
