/** What the rules and patterns of the ONNX writer have at hand. */
import type { Expr, Node } from "../../engine/graph/expr.ts";
import type { Primitive } from "../../engine/graph/primitives.ts";
import type { Line } from "../batch-size.ts";
import type { Trio } from "../traces.ts";
import type { Builder } from "./builder.ts";

/** Nodes are those of the first trace; sizes that depend on the batch come as lines. */
export interface Emitter {
  readonly b: Builder;
  /** The name of a node's value. */
  readonly value: (e: Expr) => string;
  /** Input i of a node. */
  readonly x: (e: Expr, i: number) => string;
  /** The inputs of an elementwise node, unexpanded where ONNX's own alignment gives the node's shape. */
  readonly aligned: (e: Expr) => readonly string[];
  readonly shape: (e: Expr) => readonly Line[];
  /** Numbers of a node, made of the node at each batch size. */
  readonly lines: <P extends Primitive>(
    e: Node<P>,
    pick: (e: Node<P>) => readonly number[],
  ) => readonly Line[];
  /** The node at each batch size. */
  readonly trio: (e: Expr) => Trio;
  /** Where in the model the writer is, for messages. */
  readonly place: () => string;
  /** The value of an input of the traced function. */
  readonly input: (name: string) => string;
}

export const isFixed = ({ slope }: Line): boolean => slope === 0;
export const fixed = (offset: number): Line => ({ slope: 0, offset });
export const sameLine = (a: Line, b: Line): boolean => a.slope === b.slope && a.offset === b.offset;
