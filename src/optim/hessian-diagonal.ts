import {
  add,
  constant,
  dot,
  type Expr,
  eq,
  iota,
  mul,
  reshape,
  select,
  sizeOf,
  zerosLike,
} from "../engine/graph/index.ts";
import { gradients } from "../engine/rules/differentiate.ts";
import { SteepestError } from "../run/errors.ts";
import { mapTensors } from "./tensors.ts";
import type { Hyper, Tensors } from "./transform.ts";
import { normalLike } from "./transforms/add-noise.ts";

/** v → Hv at these parameters. Throws `hyper` when the host gave no `evaluate`. */
function hessianProduct(params: Tensors, { evaluate }: Hyper): (v: Tensors) => Tensors {
  if (evaluate === undefined) {
    throw new SteepestError("hyper", "an estimate of curvature needs the loss as a function but got none", {
      help: "pass hyper.evaluate: parameters → loss and gradients",
    });
  }
  const [loss, grads] = evaluate(params);
  const names = Object.keys(params);
  return (v) => {
    const slope = names
      .map((n) => dot(grads[n]!, v[n]!))
      .reduce((a, b) => add(a, b), constant(0, { dtype: loss.dtype }));
    const found = gradients(
      slope,
      names.map((n) => params[n]!),
    );
    return Object.fromEntries(names.map((n, i) => [n, found[i]!]));
  };
}

/** z ⊙ Hz for one normal z: its expectation is the diagonal of H (Hutchinson 1990; Bekas et al. 2007). */
export function hutchinsonDiagonal(params: Tensors, hyper: Hyper): Tensors {
  const z = normalLike(params, hyper, "Hutchinson's estimate");
  const product = hessianProduct(params, hyper)(z);
  return mapTensors(params, (_, name) => mul(z[name]!, product[name]!));
}

/** The diagonal itself: as many Hessian products as there are weights. */
export function exactDiagonal(params: Tensors, hyper: Hyper): Tensors {
  const product = hessianProduct(params, hyper);
  const zero = mapTensors(params, zerosLike);
  return mapTensors(params, (p, name) => {
    const size = sizeOf(p.shape);
    const position = reshape(iota([size]), p.shape);
    let diagonal: Expr = zerosLike(p);
    for (let i = 0; i < size; i++) {
      const here = eq(position, i);
      const unit = select(here, 1, zerosLike(p));
      diagonal = select(here, product({ ...zero, [name]: unit })[name]!, diagonal);
    }
    return diagonal;
  });
}
