/** Lines that come several times each: ranks print side by side, or a bar is drawn again. */
import type { Template } from "./template.ts";

/** So far apart stand two lines that are one. */
const ECHO_WITHIN = 8;
const ECHO_ROWS = 4000;

/** Nearly half of its lines, or more, have the numbers of one shortly before, and far fewer those of one further off. */
export function isEchoed({ columns, rows }: Template): boolean {
  const few = Math.min(rows, ECHO_ROWS);
  const same = (i: number, j: number): boolean => columns.every((c) => Object.is(c.at(i), c.at(j)));
  let [near, far] = [0, 0];
  for (let i = 1; i < few; i++) {
    for (let lag = 1; lag <= 2 * ECHO_WITHIN && lag <= i; lag++) {
      if (!same(i, i - lag)) continue;
      if (lag <= ECHO_WITHIN) {
        near++;
        lag = ECHO_WITHIN; // on to the lines further off
      } else {
        far++;
        break;
      }
    }
  }
  return near >= 0.45 * few && far < 0.5 * near;
}
