/** Programs drawn at random: state of some shapes, a pool of nodes grown from it, and three of them as outputs. */
import fc from "fast-check";
import type { ProgramSpec } from "../../src/engine/backend.ts";
import * as ops from "../../src/engine/graph/index.ts";
import { type Expr, input, type Shape } from "../../src/engine/graph/index.ts";

/** Numbers that choose each node, and the next value of each state tensor. */
export interface Drawn {
  readonly choices: readonly (readonly [kind: number, i: number, j: number])[];
  readonly picks: readonly number[];
}

export const drawnProgram: fc.Arbitrary<Drawn> = fc.record({
  choices: fc.array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000)), { minLength: 3, maxLength: 30 }),
  picks: fc.array(fc.nat(100), { minLength: 6, maxLength: 6 }),
});

const shapes: readonly Shape[] = [[], [1], [4], [3, 4], [3, 1], [2, 3, 4]];
const fits = (e: Expr, shape: Shape): Expr | null => {
  const common =
    e.shape.length <= shape.length &&
    e.shape.every((d, i) => d === 1 || d === shape[shape.length - e.shape.length + i]);
  return common ? ops.broadcastTo(e, shape) : null;
};
/** One more node from a pool of nodes, chosen by three numbers. */
const grow = (pool: readonly Expr[], kind: number, i: number, j: number): Expr => {
  const x = pool[i % pool.length]!;
  const y = pool[j % pool.length]!;
  const pair = fits(y, x.shape) ?? fits(x, y.shape);
  const [p, q] = pair === null ? [x, x] : pair.shape.length === x.shape.length && fits(y, x.shape) ? [x, pair] : [y, pair];
  const last = x.shape.length - 1;
  switch (kind % 16) {
    case 0: return ops.add(p, q);
    case 1: return ops.sub(p, q);
    case 2: return ops.mul(ops.tanh(p), q);
    case 3: return ops.div(p, ops.add(ops.square(q), 1));
    case 4: return ops.sigmoid(x);
    case 5: return ops.max(p, q);
    case 6: return ops.select(ops.lt(p, q), p, ops.neg(q));
    case 7: return x.shape.length > 0 ? ops.sum(x, { axes: j % x.shape.length, keepDims: i % 2 === 0 }) : ops.exp(ops.neg(ops.square(x)));
    case 8: return x.shape.length > 0 ? ops.amax(x, { axes: last, keepDims: true }) : ops.sin(x);
    case 9: return x.shape.length > 1 ? ops.permute(x, [...x.shape.keys()].reverse()) : ops.cos(x);
    case 10: return x.shape.length > 0 ? ops.softmax(x, -1) : ops.tanh(x);
    case 11: return x.shape.length > 1 ? ops.matmul(ops.tanh(x), ops.tanh(x), { transposeB: true }) : ops.abs(x);
    case 12: return x.shape.length > 0 ? ops.slice(x, x.shape.map(() => 0), x.shape.map((d, a) => (a === last && d > 1 ? d - 1 : d))) : ops.floor(x);
    case 13: return ops.reshape(x, [x.shape.reduce((n, d) => n * d, 1)]);
    case 14: return x.shape.length > 0 ? ops.concat([x, ops.mul(x, 0.5)], last) : ops.neg(x);
    default: return ops.mean(ops.mul(p, q));
  }
}; // biome-ignore format: one node a line

export function randomProgram({ choices, picks }: Drawn, dtype: "float32" | "float64"): ProgramSpec {
  const leaves = shapes.map((s, i) => input(`s${i}`, s, dtype));
  const pool: Expr[] = [...leaves];
  for (const [kind, i, j] of choices) pool.push(grow(pool, kind, i, j));
  const next = leaves.map((leaf, i) => {
    const candidates = pool.filter(
      (e) => e.shape.join() === leaf.shape.join() && e.shape.length === leaf.shape.length,
    );
    return ops.mul(ops.tanh(candidates[picks[i]! % candidates.length]!), 2);
  });
  return {
    inputs: [],
    state: leaves.map((leaf, i) => ({ input: leaf, next: next[i]! })),
    outputs: pool.slice(-3).map((value, i) => ({ name: `out${i}`, value })),
  };
}
