/** Loops of a known number of turns, with pointers that move along. */
import type { FunctionWriter, Local } from "../assembler/assembler.ts";
import { advance } from "../gemm/tile.ts";

/** Bytes that a pointer moves each time. */
type Move = readonly [Local, number];

/** `body`, so many times; then, each time, the pointers move. */
export function repeat(f: FunctionWriter, count: number, moves: readonly Move[], body: () => void): void {
  const once = (): void => {
    body();
    for (const [p, bytes] of moves) if (bytes !== 0) advance(f, p, () => f.i32(bytes));
  };
  if (count === 1) {
    once();
    return;
  }
  const i = f.local("i32");
  f.i32(0).set(i);
  f.countUp(i, () => f.i32(count), 1, once);
  f.release("i32", i);
}
