/**
 * Takes float64 out of a program for devices that have none. Scalars that follow from scalars of the host, as a rate, a
 * schedule or a bias correction do, become a small program of the host; what the device needs of them are inputs there. Other
 * float64 values are computed in float32.
 */
import { SteepestError } from "../../../run/errors.ts";
import type { ProgramSpec } from "../../backend.ts";
import { type Expr, isElementwise, makeNode, type Node, topologicalOrder } from "../../graph/expr.ts";
import { rootsOf } from "./roots.ts";
import { simplify } from "./simplify.ts";

export interface HostSplit {
  /** Its outputs called `host.…` are the device program's inputs of the same name, rounded. */
  readonly host: ProgramSpec;
  /** Without float64. */
  readonly device: ProgramSpec;
  /** Inputs, state and outputs of the device that were float64 in the program. */
  readonly rounded: ReadonlySet<string>;
}

/** Throws `backend` where a tensor that the host sees is float64. */
export function splitHost(spec: ProgramSpec): HostSplit {
  refuseDouble(spec);
  const roots = simplify(rootsOf(spec));
  const outputs = spec.outputs.map((o, i) => ({ name: o.name, value: roots[i]! }));
  const state = spec.state.map((s, i) => ({ input: s.input, next: roots[spec.outputs.length + i]! }));
  const nodes = topologicalOrder(roots);
  const onHost = hostNodes(nodes, { inputs: spec.inputs, outputs, state });

  const rounded = new Set<string>();
  const crossings = new Map<Expr, Node<"input">>();
  const moved = new Map<Expr, Expr>();
  for (const e of nodes) {
    if (onHost.has(e)) continue;
    const inputs = e.inputs.map((x) => {
      if (!onHost.has(x)) return moved.get(x)!;
      const name = `host.${crossings.size}`;
      const crossing =
        crossings.get(x) ??
        makeNode("input", [], { name }, x.shape, x.dtype === "float64" ? "float32" : x.dtype);
      crossings.set(x, crossing as Node<"input">);
      return crossing;
    });
    moved.set(e, single(e, inputs));
    if (e.op === "input" && e.dtype === "float64") rounded.add(e.attrs.name);
  }
  const deviceOutputs = outputs.filter((o) => !onHost.has(o.value));
  for (const { name, value } of deviceOutputs) if (value.dtype === "float64") rounded.add(name);
  const isHost = (e: Node<"input">): boolean => onHost.has(e);
  const asMoved = (e: Node<"input">): Node<"input"> => (moved.get(e) ?? single(e, [])) as Node<"input">;
  for (const e of [...spec.inputs, ...spec.state.map((s) => s.input)])
    if (!isHost(e) && e.dtype === "float64") rounded.add(e.attrs.name);
  return {
    host: {
      inputs: spec.inputs.filter(isHost),
      state: state.filter((s) => isHost(s.input)),
      outputs: [
        ...outputs.filter((o) => onHost.has(o.value)),
        ...[...crossings].map(([value, { attrs }]) => ({ name: attrs.name, value })),
      ],
    },
    device: {
      inputs: [...spec.inputs.filter((e) => !isHost(e)).map(asMoved), ...crossings.values()],
      state: state
        .filter((s) => !isHost(s.input))
        .map((s) => ({ input: asMoved(s.input), next: moved.get(s.next)! })),
      outputs: deviceOutputs.map((o) => ({ name: o.name, value: moved.get(o.value)! })),
    },
    rounded,
  };
}

/** The same node in float32; a cast that is none any more is its input. */
function single(e: Expr, inputs: readonly Expr[]): Expr {
  const dtype = e.dtype === "float64" ? "float32" : e.dtype;
  if (e.op === "cast" && inputs[0]!.dtype === dtype) return inputs[0]!;
  if (e.dtype === dtype && inputs.every((x, i) => x === e.inputs[i])) return e;
  return { ...e, inputs, dtype };
}

/**
 * Scalars that follow from float64 scalars of the host alone. A state scalar is the host's if its next value is; what
 * follows from constants alone is nobody's, and each side may have it.
 */
function hostNodes(nodes: readonly Expr[], { inputs, state }: ProgramSpec): ReadonlySet<Expr> {
  const isDoubleScalar = (e: Expr): boolean => e.dtype === "float64" && e.shape.length === 0;
  let kept = state.filter((s) => isDoubleScalar(s.input));
  for (;;) {
    const onHost = new Set<Expr>([...inputs.filter(isDoubleScalar), ...kept.map((s) => s.input)]);
    const constant = new Set<Expr>();
    for (const e of nodes) {
      if (onHost.has(e) || e.shape.length > 0) continue;
      if (e.op === "constant") constant.add(e);
      else if (isElementwise(e) && e.inputs.every((x) => onHost.has(x) || constant.has(x)))
        (e.inputs.some((x) => onHost.has(x)) ? onHost : constant).add(e);
    }
    const still = kept.filter((s) => onHost.has(s.next) || constant.has(s.next));
    if (still.length === kept.length) return onHost;
    kept = still;
  }
}

function refuseDouble({ inputs, state, outputs }: ProgramSpec): void {
  const seen: readonly { readonly name: string; readonly value: Expr }[] = [
    ...[...inputs, ...state.map((s) => s.input)].map((e) => ({ name: e.attrs.name, value: e as Expr })),
    ...outputs,
  ];
  const double = seen.find(({ value }) => value.dtype === "float64" && value.shape.length > 0);
  if (double === undefined) return;
  throw new SteepestError(
    "backend",
    `"${double.name}" is a float64 tensor, and the webgpu backend computes in float32`,
    { help: 'use dtype "float32", or the wasm backend' },
  );
}
