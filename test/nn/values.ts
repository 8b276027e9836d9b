import type { Backend } from "../../src/engine/backend.ts";
import { reference } from "../../src/engine/backends/reference.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import type { Expr, Node, TypedArray } from "../../src/engine/graph/index.ts";

/** Golden layers and losses have to hold on each of these. */
export const backends: readonly Backend[] = [reference, wasm];

/** A tensor as test/golden/make_nn.py writes it. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

/** One run of a program that computes the roots from the given inputs. */
export function valuesOn(
  backend: Backend,
  roots: readonly Expr[],
  given: ReadonlyMap<Expr, ArrayLike<number>>,
): TypedArray[] {
  const program = backend.compile({
    inputs: [...given.keys()] as unknown as Node<"input">[],
    state: [],
    outputs: roots.map((value, i) => ({ name: `out.${i}`, value })),
  });
  for (const [e, data] of given) if (e.op === "input") program.view(e.attrs.name).set(data);
  program.run();
  return roots.map((_, i) => program.view(`out.${i}`));
}
