/** What a program computes: its outputs, then the next values of its state. */
import type { ProgramSpec } from "../../backend.ts";
import { type Expr, isKernel } from "../../graph/expr.ts";
import { copyOf, isFusible } from "../nodes.ts";

export const rootsOf = ({ outputs, state }: ProgramSpec): Expr[] => [
  ...outputs.map((o) => o.value),
  ...state.map((s) => s.next),
];

/** Each root gets a node of its own that a kernel can write to its place: a copy where it is a view, a leaf or shared. */
export function separateRoots(roots: readonly Expr[]): Expr[] {
  const taken = new Set<Expr>();
  return roots.map((root) => {
    const own = (isFusible(root) || isKernel(root)) && !taken.has(root) ? root : copyOf(root);
    taken.add(own);
    return own;
  });
}
