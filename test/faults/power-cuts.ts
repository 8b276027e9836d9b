/**
 * `npx jiti test/faults/power-cuts.ts [trials] [seed]`: power fails at every place of a run in turn, and at drawn places
 * while it goes on, on a disk that loses what was not synced. Each run must end as the one that was never cut off.
 */
import { powered } from "./power.ts";

/** Cuts of one run at most. */
const CUTS = 4;

const [trials, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const { operations, trial } = await powered();
let cuts = 0;
for (let n = 0; n < trials; n++) {
  try {
    cuts += await trial(n % operations, seed + Math.floor(n / operations), CUTS);
  } catch (error) {
    console.error(`trial ${n} (power fails before operation ${n % operations}):`);
    throw error;
  }
}
console.log(
  `${trials} runs of ${operations} operations, cut off ${cuts} times: all end as the one that was not cut off`,
);
