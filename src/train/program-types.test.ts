/** What the types of a step promise. `tsc` is the judge of the marked lines; the calls show that they hold at run time. */
import { expect, expectTypeOf, test } from "vitest";
import { reference } from "../engine/backends/reference.ts";
import type { Expr, TypedArray } from "../engine/graph/index.ts";
import { linear } from "../nn/index.ts";
import * as losses from "../nn/losses/index.ts";
import { sgd } from "../optim/index.ts";
import { evalStep } from "./forward.ts";
import { trainStep } from "./program.ts";

const common = { model: linear(2, 1), optimizer: sgd({ lr: 0.1 }), backend: reference };
const batch = { x: [3, 2], y: { shape: [3, 1], dtype: "float32" } } as const;

test("a loss sees exactly the batch's names, and so does who calls the step", () => {
  const step = trainStep({
    ...common,
    batch: { x: [3, 2], y: { shape: [3, 1] } },
    loss: (output, given) => {
      expectTypeOf(given).toEqualTypeOf<{ readonly x: Expr; readonly y: Expr }>();
      // @ts-expect-error: the batch has no z
      expect(given.z).toBeUndefined();
      return losses.mse(output, given.y);
    },
  });
  expectTypeOf(step.inputs.y).toEqualTypeOf<TypedArray>();
  expect(Object.keys(step.inputs)).toEqual(["x", "y"]);
  const x = [1, 0, 0, 1, 1, 1];
  expect(step({ x, y: [1, 2, 3] }).loss).toBeGreaterThan(0);
  // @ts-expect-error: y is missing
  expect(() => step({ x })).toThrow(/the batch's y is/);
});

test("what evalStep measures has the names it was given", () => {
  const check = evalStep({
    ...common,
    batch,
    measures: { error: (output, { y }) => losses.mse(output, y) },
  });
  const measured = check.run();
  expectTypeOf(measured).toEqualTypeOf<Readonly<Record<"error", number>>>();
  expect(Object.keys(measured)).toEqual(["error"]);
});

test("a misspelt option is a type error", () => {
  const loss = (output: Expr, { y }: { readonly y: Expr }): Expr => losses.mse(output, y);
  // @ts-expect-error: the option is called seed
  expect(trainStep({ ...common, batch, loss, sed: 3 }).count).toBe(0);
  const named = { x: [3, 2], t: [3, 1] } as const;
  // @ts-expect-error: a loss that asks for a name which the batch does not have
  expect(() => trainStep({ ...common, batch: named, loss })).toThrow();
});
