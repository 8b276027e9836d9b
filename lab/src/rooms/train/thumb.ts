import type { Thumb } from "../../lib/thumb.ts";
import { decide } from "./inside.ts";
import { suits } from "./names.ts";
import { begin, goOn } from "./session.ts";

/** Steps between two evaluations, and evaluations. */
const [EVERY, EVALUATIONS] = [8, 12];

/** A network learns to tell two circles apart: its answer over the plane, look by look. */
export async function thumb(): Promise<Thumb> {
  const { lr, ...suit } = suits.circles;
  const session = await begin({ data: "circles", schedule: "constant", seed: 1, ...suit }, [[0, lr]]);
  const look = (): Float32Array => {
    const { side, winner, sure } = decide(session.guess, session.frame);
    // the top row first
    return Float32Array.from({ length: side * side }, (_, i) => {
      const at = (side - 1 - Math.floor(i / side)) * side + (i % side);
      return (winner[at] === 0 ? 1 : -1) * (2 * sure[at]! - 1);
    });
  };
  const moments = [look()];
  for (let i = 1; i <= EVALUATIONS; i++) {
    await goOn(session, i * EVERY, async () => true);
    moments.push(look());
  }
  return { ...session.frame, cells: { columns: Math.sqrt(moments[0]!.length), moments } };
}
