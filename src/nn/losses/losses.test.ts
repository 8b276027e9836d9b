// Expected values: test/golden/nn.json, written by PyTorch 1.13 in float64 (test/golden/make_nn.py).
import { describe, expect, test } from "vitest";
import golden from "../../../test/golden/nn.json" with { type: "json" };
import { backends, type GoldenTensor, valuesOn } from "../../../test/nn/values.ts";
import { interpret } from "../../engine/backends/reference.ts";
import { type DType, type Expr, input, zerosLike } from "../../engine/graph/index.ts";
import { gradients, hessianVectorProduct } from "../../engine/rules/differentiate.ts";
import { bce, bceWithLogits, findLoss, type LossOptions, lossTable, softmaxCrossEntropy } from "./index.ts";

interface LossCase {
  readonly name: string;
  readonly loss: string;
  readonly options: LossOptions;
  readonly output: GoldenTensor;
  readonly target: GoldenTensor;
  readonly value: number;
  readonly gradient: GoldenTensor;
}
const cases = golden.losses as unknown as readonly LossCase[];

const relative = (actual: number, wanted: number): number =>
  Math.abs(actual - wanted) / Math.max(1e-6, Math.abs(wanted));

test("every loss has a golden case", () => {
  expect(new Set(cases.map((c) => c.loss))).toEqual(new Set(lossTable.map((l) => l.name)));
});

describe.each(backends.map((b) => [b.name, b] as const))(
  "losses on %s agree with PyTorch to 1e-10",
  (_, backend) => {
    test.each(cases.map((c) => [c.name, c] as const))("%s", (_name, c) => {
      const output = input("output", c.output.shape, "float64");
      const target = input("target", c.target.shape, c.target.dtype as DType);
      const loss = findLoss(c.loss).make(output, target, c.options);
      const given = new Map<Expr, ArrayLike<number>>([
        [output, c.output.data],
        [target, c.target.data],
      ]);
      const [value, gradient] = valuesOn(backend, [loss, ...gradients(loss, [output])], given);
      expect(relative(value![0]!, c.value)).toBeLessThan(1e-10);
      c.gradient.data.forEach((g, i) => {
        expect(relative(gradient![i]!, g), `gradient ${i}: ${gradient![i]} for ${g}`).toBeLessThan(1e-10);
      });
    });
  },
);

/** f, f′ and f″ at each point of an elementwise loss. */
function jet(
  make: (x: Expr) => Expr,
  points: readonly number[],
): { first: ArrayLike<number>; second: ArrayLike<number> } {
  const x = input("x", [points.length], "float64");
  const ones = input("ones", [points.length], "float64");
  const loss = make(x);
  const [first, second] = interpret(
    [...gradients(loss, [x]), ...hessianVectorProduct(loss, [x], [ones])],
    new Map<Expr, ArrayLike<number>>([
      [x, points],
      [ones, points.map(() => 1)],
    ]),
  );
  return { first: first!, second: second! };
}

describe("second derivatives", () => {
  const sigma = (z: number): number => 1 / (1 + Math.exp(-z));

  test("BCE with logits has curvature σ(1 − σ), at 0 too and without NaN at |z| = 1e4", () => {
    const points = [0, 1, -1, 5, -5, 1e4, -1e4];
    const { second } = jet((z) => bceWithLogits(z, zerosLike(z), { reduction: "sum" }), points);
    points.forEach((z, i) => {
      expect(second[i]).toBeCloseTo(sigma(z) * (1 - sigma(z)), 12);
    });
  });

  test("BCE on probabilities has the derivative of PyTorch's gradient form", () => {
    const points = [0.1, 0.5, 0.9];
    const { first, second } = jet((p) => bce(p, zerosLike(p), { reduction: "sum" }), points);
    points.forEach((p, i) => {
      expect(first[i]).toBeCloseTo(1 / (1 - p), 10);
      expect(second[i]).toBeCloseTo(1 / (1 - p) ** 2, 10);
    });
  });
});

describe("bad input", () => {
  const logits = input("z", [4, 3]);
  test.each([
    [() => findLoss("cross-entropie"), /no loss is called "cross-entropie"/],
    [
      () => findLoss("mse").make(logits, input("y", [4, 2])),
      /mse: the output \[4, 3\] and the target \[4, 2\]/,
    ],
    [() => softmaxCrossEntropy(logits, input("y", [4])), /needs int32 labels \[4\], not float32 \[4\]/],
    [() => findLoss("huber").make(logits, logits, { beta: 1 }), /huber has no option "beta"/],
    [() => findLoss("huber").make(logits, logits, { delta: 0 }), /huber: delta is 0/],
    [() => findLoss("huber").make(logits, logits, { delta: "1" }), /huber: delta is "1"/],
    [() => findLoss("mse").make(logits, logits, { reduction: "none" }), /mse: reduction is "none"/],
  ])("%s", (f, message) => {
    expect(f).toThrow(message);
  });

  test("a PyTorch name finds its loss, a typo a suggestion", () => {
    expect(findLoss("CrossEntropyLoss").name).toBe("softmax-cross-entropy");
    expect(() => findLoss("hubr")).toThrow(expect.objectContaining({ help: 'did you mean "huber"?' }));
  });

  test("a target [N] fits an output [N, 1], a target [N] never an output [N, 2]", () => {
    expect(findLoss("mse").make(input("z", [4, 1]), input("y", [4])).shape).toEqual([]);
    expect(() => findLoss("mse").make(input("z", [4, 2]), input("y", [4]))).toThrow(/differ/);
  });
});
