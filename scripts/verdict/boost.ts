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
  { rounds = 110, rate = 0.1, subsample = 0.6, leafWeight = 12, ridge = 2 }: BoostOptions = {},
): VerdictModel {
  const width = rows[0]!.x.length;
  const cuts = Array.from({ length: width }, (_, f) => quantileCuts(rows.map((r) => r.x[f]!)));
  const bins = rows.map((r) => r.x.map((v, f) => cuts[f]!.filter((c) => v >= c).length));
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
      const g = rows.map((r, i) => r.weight * (Number(r.label === k) - p[i]![k]!));
      const h = rows.map((r, i) => r.weight * p[i]![k]! * (1 - p[i]![k]!));
      const tree = grow(used, bins, cuts, g, h, rows, leafWeight, ridge, rate);
      stage.push(tree);
      for (let i = 0; i < rows.length; i++) score[i]![k]! += leafOf(tree, rows[i]!.x);
    }
    trees.push(stage);
  }
  return { bias, trees };
}

/** Grows level by level; an unsplit node sends everything left (threshold +∞, written 1e9). */
function grow(
  used: readonly number[],
  bins: readonly (readonly number[])[],
  cuts: readonly (readonly number[])[],
  g: readonly number[],
  h: readonly number[],
  rows: readonly Row[],
  leafWeight: number,
  ridge: number,
  rate: number,
): Tree {
  const feature = new Array<number>(NODES).fill(0);
  const threshold = new Array<number>(NODES).fill(1e9);
  const members: (readonly number[])[] = [used];
  for (let node = 0; node < NODES; node++) {
    const here = members[node] ?? [];
    const split = bestSplit(here, bins, g, h, rows, leafWeight, ridge);
    if (split) {
      feature[node] = split.feature;
      threshold[node] = Number(cuts[split.feature]![split.bin]!.toPrecision(4));
    }
    const left = here.filter((i) => !split || bins[i]![split.feature]! <= split.bin);
    const right = here.filter((i) => split !== null && bins[i]![split.feature]! > split.bin);
    members[2 * node + 1] = left;
    members[2 * node + 2] = right;
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
  bins: readonly (readonly number[])[],
  g: readonly number[],
  h: readonly number[],
  rows: readonly Row[],
  leafWeight: number,
  ridge: number,
): { feature: number; bin: number } | null {
  if (here.length === 0) return null;
  let best: { feature: number; bin: number } | null = null;
  const width = bins[0]!.length;
  let bestGain = 1e-3;
  for (let f = 0; f < width; f++) {
    const sums = Array.from({ length: BINS + 1 }, () => [0, 0, 0]);
    for (const i of here) {
      const s = sums[bins[i]![f]!]!;
      s[0]! += g[i]!;
      s[1]! += h[i]!;
      s[2]! += rows[i]!.weight;
    }
    const [allG, allH, allW] = [0, 1, 2].map((c) => sums.reduce((a, s) => a + s[c]!, 0)) as [
      number,
      number,
      number,
    ];
    let [G, H, W] = [0, 0, 0];
    for (let b = 0; b < BINS; b++) {
      G += sums[b]![0]!;
      H += sums[b]![1]!;
      W += sums[b]![2]!;
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
