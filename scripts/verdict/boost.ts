/** Multinomial gradient boosting with trees of depth 3 (Friedman 2001), small enough to read. */
import type { Tree, VerdictModel } from "../../src/diagnose/verdict-model.ts";

export interface Row {
  readonly x: readonly number[];
  readonly label: number;
  readonly weight: number;
}

const DEPTH = 3;
const NODES = 2 ** DEPTH - 1;
const BINS = 40;

export interface BoostOptions {
  readonly rounds?: number;
  readonly rate?: number;
  readonly subsample?: number;
  readonly leafWeight?: number;
  readonly ridge?: number;
}

export function boost(
  rows: readonly Row[],
  classes: number,
  { rounds = 170, rate = 0.1, subsample = 0.6, leafWeight = 12, ridge = 2 }: BoostOptions = {},
): VerdictModel {
  const width = rows[0]!.x.length;
  const cuts = Array.from({ length: width }, (_, f) => quantileCuts(rows.map((r) => r.x[f]!)));
  const bins = cuts.map((own, f) => Uint8Array.from(rows, (r) => own.filter((c) => r.x[f]! >= c).length));
  const weights = Float64Array.from(rows, (r) => r.weight);
  const total = rows.reduce((a, r) => a + r.weight, 0);
  const bias = Array.from({ length: classes }, (_, k) =>
    Math.log(rows.reduce((a, r) => a + (r.label === k ? r.weight : 0), 0) / total),
  );
  const score = rows.map(() => [...bias]);
  const random = xorshift(1);
  const trees: Tree[][] = [];
  for (let round = 0; round < rounds; round++) {
    const p = score.map(softmax);
    const used = rows.map((_, i) => i).filter(() => random() < subsample);
    const stage: Tree[] = [];
    for (let k = 0; k < classes; k++) {
      const g = Float64Array.from(rows, (r, i) => r.weight * (Number(r.label === k) - p[i]![k]!));
      const h = Float64Array.from(rows, (r, i) => r.weight * p[i]![k]! * (1 - p[i]![k]!));
      const tree = grow(used, { bins, cuts, g, h, weights }, { leafWeight, ridge, rate });
      stage.push(tree);
      for (let i = 0; i < rows.length; i++) score[i]![k]! += leafOf(tree, rows[i]!.x);
    }
    trees.push(stage);
  }
  return { bias, trees };
}

/** What a tree is grown on: the bin of each row by feature, first and second derivatives and weights by row. */
interface Fields {
  readonly bins: readonly Uint8Array[];
  readonly cuts: readonly (readonly number[])[];
  readonly g: Float64Array;
  readonly h: Float64Array;
  readonly weights: Float64Array;
}

/** Grows level by level; an unsplit node sends everything left (threshold +∞, written 1e9). */
function grow(
  used: readonly number[],
  fields: Fields,
  { leafWeight, ridge, rate }: Required<Pick<BoostOptions, "leafWeight" | "ridge" | "rate">>,
): Tree {
  const { bins, cuts, g, h } = fields;
  const feature = new Array<number>(NODES).fill(0);
  const threshold = new Array<number>(NODES).fill(1e9);
  const members: (readonly number[])[] = [used];
  for (let node = 0; node < NODES; node++) {
    const here = members[node] ?? [];
    const split = bestSplit(here, fields, { leafWeight, ridge });
    if (split) {
      feature[node] = split.feature;
      threshold[node] = cuts[split.feature]![split.bin]!;
    }
    const own = split && bins[split.feature]!;
    members[2 * node + 1] = here.filter((i) => !own || own[i]! <= split.bin);
    members[2 * node + 2] = here.filter((i) => own && own[i]! > split.bin);
  }
  const leaves = Array.from({ length: NODES + 1 }, (_, leaf) => {
    const here = members[NODES + leaf] ?? [];
    const sumG = here.reduce((a, i) => a + g[i]!, 0);
    const sumH = here.reduce((a, i) => a + h[i]!, 0);
    return Number(((rate * sumG) / (sumH + ridge)).toFixed(3));
  });
  return { feature, threshold, leaves };
}

function bestSplit(
  here: readonly number[],
  { bins, g, h, weights }: Fields,
  { leafWeight, ridge }: Required<Pick<BoostOptions, "leafWeight" | "ridge">>,
): { feature: number; bin: number } | null {
  let best: { feature: number; bin: number } | null = null;
  let bestGain = 1e-3;
  let [allG, allH, allW] = [0, 0, 0];
  for (const i of here) {
    allG += g[i]!;
    allH += h[i]!;
    allW += weights[i]!;
  }
  const sums = new Float64Array(3 * (BINS + 1));
  for (let f = 0; f < bins.length; f++) {
    const own = bins[f]!;
    sums.fill(0);
    for (const i of here) {
      const at = 3 * own[i]!;
      sums[at]! += g[i]!;
      sums[at + 1]! += h[i]!;
      sums[at + 2]! += weights[i]!;
    }
    let [G, H, W] = [0, 0, 0];
    for (let b = 0; b < BINS; b++) {
      G += sums[3 * b]!;
      H += sums[3 * b + 1]!;
      W += sums[3 * b + 2]!;
      if (W < leafWeight || allW - W < leafWeight) continue;
      const gain = G ** 2 / (H + ridge) + (allG - G) ** 2 / (allH - H + ridge) - allG ** 2 / (allH + ridge);
      if (gain > bestGain) {
        bestGain = gain;
        best = { feature: f, bin: b };
      }
    }
  }
  return best;
}

function leafOf(tree: Tree, x: readonly number[]): number {
  let node = 0;
  while (node < NODES) node = 2 * node + (x[tree.feature[node]!]! < tree.threshold[node]! ? 1 : 2);
  return tree.leaves[node - NODES]!;
}

function quantileCuts(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const cuts = Array.from(
    { length: BINS - 1 },
    (_, b) => sorted[Math.floor(((b + 1) * sorted.length) / BINS)]!,
  );
  return [...new Set(cuts.map((c) => Number(c.toPrecision(4))))];
}

function softmax(z: readonly number[]): number[] {
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

/** xorshift32: the subsample of a fit is the same on every machine. */
function xorshift(seed: number): () => number {
  let s = seed * 2654435761;
  return () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) / 2 ** 32;
  };
}
