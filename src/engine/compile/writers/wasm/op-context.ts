import type { MathContext } from "./math/index.ts";

/** Where the instructions of one elementwise node go. */
export interface OpContext extends MathContext {
  readonly lanes: 1 | 2 | 4;
  /** Puts input i of the node on the stack. */
  readonly push: (i: number) => void;
}
