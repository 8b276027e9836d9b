import { wasm } from "../engine/backends/wasm.ts";
import {
  allocate,
  type Expr,
  input,
  isExpr,
  type Node,
  select,
  sizeOf,
  type TypedArray,
  topologicalOrder,
} from "../engine/graph/index.ts";
import { SteepestError } from "../run/errors.ts";
import type { State, Tensors, Transform } from "./transform.ts";

/** Leaves of a nested state under dotted names: `{ adam: { m: { "0.weight": e } } }` → `{ "adam.m.0.weight": e }`. */
export function flattenState(state: State, prefix = ""): Tensors {
  const flat: Record<string, Expr> = {};
  for (const [key, value] of Object.entries(state)) {
    if (isExpr(value)) flat[prefix + key] = value;
    else Object.assign(flat, flattenState(value, `${prefix}${key}.`));
  }
  return flat;
}

/**
 * The inverse of `flattenState`. Parameter names hold dots themselves, so the nesting is taken from `template`.
 * Throws `optimizer-state` when a leaf is missing, or has another shape or dtype than the template's.
 */
export function unflattenState(template: State, flat: Tensors, prefix = ""): State {
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => {
      if (!isExpr(value)) return [key, unflattenState(value, flat, `${prefix}${key}.`)];
      const found = flat[prefix + key];
      const want = `${value.dtype} [${value.shape.join(", ")}]`;
      const got = found === undefined ? "nothing" : `${found.dtype} [${found.shape.join(", ")}]`;
      if (want !== got) {
        throw new SteepestError(
          "optimizer-state",
          `the state ${prefix}${key} should be ${want}, found ${got}`,
          {
            help: "load a checkpoint written with the same optimizer and model",
          },
        );
      }
      return [key, found!];
    }),
  );
}

/** a where the bool scalar holds, else b, leaf by leaf; both have the same keys. */
export function selectState(condition: Expr, a: State, b: State): State {
  return Object.fromEntries(
    Object.entries(a).map(([key, value]) => {
      const other = b[key]!;
      return isExpr(value)
        ? [key, select(condition, value, other as Expr)]
        : [key, selectState(condition, value, other as State)];
    }),
  );
}

/** The optimizer's first state as expressions of the parameters, by dotted name. */
export const initialState = (transform: Transform, params: Tensors): Tensors =>
  flattenState(transform.init(params));

/** Program inputs named `prefix` + dotted name, shaped like the state. */
export function stateInputs(state: State, prefix = ""): State {
  return Object.fromEntries(
    Object.entries(state).map(([key, value]) => [
      key,
      isExpr(value)
        ? (input(prefix + key, value.shape, value.dtype) as Expr)
        : stateInputs(value, `${prefix}${key}.`),
    ]),
  );
}

/**
 * Values of expressions such as `initialState` gives. `given` holds the values of the inputs they are made of (the
 * parameters). Plain constants and copies of what is given cost one allocation; the rest is one program's outputs.
 */
export function evaluateState(
  flat: Tensors,
  given: ReadonlyMap<Expr, ArrayLike<number>>,
): Readonly<Record<string, TypedArray>> {
  const computed = Object.entries(flat).filter(([, e]) => uniformValue(e) === null && !given.has(e));
  const values = computed.length > 0 ? valuesOf(Object.fromEntries(computed), given) : undefined;
  return Object.fromEntries(
    Object.entries(flat).map(([name, e]) => {
      const out = allocate(e.dtype, sizeOf(e.shape));
      const fill = uniformValue(e);
      if (fill !== null) out.fill(fill);
      else out.set(given.get(e) ?? values!(name));
      return [name, out];
    }),
  );
}

/** The values of expressions, by name, given those of their inputs. */
function valuesOf(
  named: Tensors,
  given: ReadonlyMap<Expr, ArrayLike<number>>,
): (name: string) => ArrayLike<number> {
  const outputs = Object.entries(named).map(([name, value]) => ({ name: `state.${name}`, value }));
  const inputs = topologicalOrder(Object.values(named)).filter((e) => e.op === "input");
  const program = wasm.compile({ inputs, state: [], outputs });
  for (const x of inputs) program.view(x.attrs.name).set(given.get(x)!);
  program.run();
  return (name) => program.view(`state.${name}`);
}

/** The one value of a constant tensor, else null. */
function uniformValue(e: Expr): number | null {
  if (e.op === "broadcast") return uniformValue(e.inputs[0]!);
  return e.op === "constant" && typeof (e as Node<"constant">).attrs.value === "number"
    ? ((e as Node<"constant">).attrs.value as number)
    : null;
}
