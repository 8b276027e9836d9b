import { claims } from "steepest/lesson";
import type { Thumb } from "../../lib/thumb.ts";
import { tryClaim } from "./worker.ts";

const COLUMNS = 8;
/** Those that the room tries first. */
const tried = claims.filter((c) => c.group === "walkthrough");
const marks = { holds: 1, "holds-if": 0.4, "does-not-hold": -1 } as const;

/** A square a claim: the lesson's own program is tried, the others wait. */
export async function thumb(): Promise<Thumb> {
  const now = new Float32Array(claims.length);
  const moments = [now.slice()];
  for (const { name } of tried) {
    const outcome = await tryClaim(name, async () => true);
    now[claims.findIndex((c) => c.name === name)] = marks[outcome!.result.verdict];
    moments.push(now.slice());
  }
  return { x: [0, 1], y: [0, 1], cells: { columns: COLUMNS, moments } };
}
