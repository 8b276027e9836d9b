import { add, type Expr } from "../engine/graph/index.ts";
import { inLayer, nnError, requireLayer } from "./errors.ts";
import type { Context, Key, Layer, ParamSpecs, Tensors } from "./layer.ts";

/** "weight" → "name.weight", for every entry. */
export function withPrefix<T>(name: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [`${name}.${key}`, value]));
}

/** The entries "name.…" without their prefix: what the child `name` stores. */
export function withinPrefix<T>(name: string, record: Readonly<Record<string, T>>): Record<string, T> {
  const prefix = `${name}.`;
  return Object.fromEntries(
    Object.entries(record)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** The key `n` places further on; each layer that draws has a place of its own. */
export const shiftKey = ([k0, k1]: Key, n: number): Key => [k0, n === 0 ? k1 : add(k1, n)];

/** Runs a child under its own names, its own part of the key and collects its buffers. */
export type Call = (name: string, x: Expr) => Expr;

/**
 * A layer made of named children: tensors are called "child.tensor", as in a PyTorch module. `body` wires the children
 * together and may use tensors of its own (`params`). A child that draws random numbers is called once: a second call
 * would draw the same ones.
 */
export function compose(
  children: Readonly<Record<string, Layer>>,
  body: (call: Call, x: Expr, own: Tensors, context: Context) => Expr,
  { params = {}, keys = 0 }: { params?: ParamSpecs; keys?: number } = {},
): Layer {
  const entries = Object.entries(children);
  for (const [name, child] of entries) requireLayer(`layer ${name}`, child);
  const merge = (pick: (layer: Layer) => ParamSpecs): ParamSpecs =>
    Object.assign({}, ...entries.map(([name, layer]) => withPrefix(name, pick(layer))));
  const firstKey: Record<string, number> = {};
  let used = keys;
  for (const [name, layer] of entries) {
    firstKey[name] = used;
    used += layer.keys;
  }
  return {
    params: { ...params, ...merge((layer) => layer.params) },
    buffers: merge((layer) => layer.buffers),
    keys: used,
    forward: (tensors, x, context) => {
      const buffers: Record<string, Expr> = {};
      const call: Call = (name, input) => {
        const child = children[name];
        if (child === undefined)
          throw nnError(
            `there is no layer named ${name}`,
            `the layers are ${Object.keys(children).join(", ")}`,
          );
        const key = context.key && shiftKey(context.key, firstKey[name]!);
        const { seen } = context;
        const inner: Context = {
          ...context,
          ...(key && { key }),
          ...(seen && { seen: (part, value) => seen(`${name}.${part}`, value) }),
        };
        const result = inLayer(name, () => child.forward(withinPrefix(name, tensors), input, inner));
        seen?.(name, result.output);
        Object.assign(buffers, withPrefix(name, result.buffers));
        return result.output;
      };
      return { output: body(call, x, tensors, context), buffers };
    },
  };
}

/** Layers one after another, named "0", "1", … as in PyTorch's `nn.Sequential`. */
export function sequential(...layers: readonly Layer[]): Layer {
  return compose(Object.fromEntries(layers.entries()), (call, x) =>
    layers.reduce((h, _, i) => call(String(i), h), x),
  );
}
