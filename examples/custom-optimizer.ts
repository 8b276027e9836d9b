// An optimizer that steepest does not have, in ten lines, trained beside the built-in Adam. Run it: npx jiti examples/custom-optimizer.ts
import { losses, nn, ops, optim, train } from "steepest";

const { abs, add, div, mul, neg, pow, sign, sqrt, square, sub, zerosLike } = ops;

/** Grams (Cao, Li and Song 2024): the gradient says where, Adam says how far. */
// biome-ignore format: the ten lines of docs/custom-optimizer.md
export const grams: optim.Transform = optim.perTensor({
  name: "grams",
  slots: { m: zerosLike, v: zerosLike },
  update: ({ lr, step }) => (g, last) => {
    const m = add(mul(0.9, last.m), mul(0.1, g));
    const v = add(mul(0.999, last.v), mul(0.001, square(g)));
    const rate = div(mul(lr, sqrt(sub(1, pow(0.999, step)))), sub(1, pow(0.9, step)));
    return [neg(mul(sign(g), abs(mul(rate, div(m, add(sqrt(v), 1e-8)))))), { m, v }];
  },
});

// y = 3·x₀ − 2·x₁ + 1, which a linear layer can learn exactly
const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
const y = Float32Array.from({ length: 32 }, (_, i) => 3 * x[2 * i]! - 2 * x[2 * i + 1]! + 1);

/** The loss after 1,000 full-batch steps whose rate falls from 0.1 to 0, and the kernels of one step. */
function tried(optimizer: optim.Transform): { loss: number; kernels: number } {
  const steps = 1000;
  const step = train.trainStep({
    model: nn.linear(2, 1),
    loss: (output, batch) => losses.mse(output, batch.y),
    optimizer,
    batch: { x: [32, 2], y: [32, 1] },
  });
  for (let i = 0; i < steps; i++) step({ x, y }, { lr: 0.1 * (1 - i / steps) });
  return { loss: step.result.loss, kernels: Number(step.executable.notes["kernels"]) };
}

export const results: Readonly<Record<"grams" | "adam", ReturnType<typeof tried>>> = {
  grams: tried(grams),
  adam: tried(optim.adam()),
};
console.table(results);
