/** `"lr": "auto"` in a run file: the rate is looked for before training. */
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import type { RunSpec } from "../../run/spec.ts";
import type { FindLrResult } from "../../tune/find-lr/types.ts";
import type { Terminal } from "../terminal.ts";
import { searchWithProgress } from "./search.ts";

export interface Resolved {
  readonly spec: RunSpec;
  /** What the search found; null where the run file has a number. */
  readonly found: FindLrResult | null;
}

/** Null when interrupted. Throws `no-rate` when no rate can be suggested. */
export async function resolveRate(
  spec: RunSpec,
  { terminal, quiet }: { terminal: Terminal; quiet: boolean },
): Promise<Resolved | null> {
  if (spec.optimizer.lr !== "auto") return { spec, found: null };
  const search = await searchWithProgress(spec, { terminal, quiet });
  if (search === null) return null;
  const { suggestion, reason, refusal, confidence, spread, scheduleFactor } = search.result;
  if (suggestion === null) {
    throw new SteepestError("no-rate", `no learning rate is found (${refusal}): ${reason}`, {
      where: "at optimizer.lr",
      help: "look at it with steepest find-lr, or give optimizer.lr a number",
      exitCode: 1,
    });
  }
  if (scheduleFactor === null) {
    throw new SteepestError("option", `the schedule ${spec.schedule.name} sets rates of its own`, {
      where: "at optimizer.lr",
      help: `give it a highest rate of ${suggestion}, which is what the search found, and remove "auto"`,
    });
  }
  if (!quiet) {
    const between =
      spread === null ? "" : `, the best lies between ${showNumber(spread[0])} and ${showNumber(spread[1])}`;
    terminal.note(`learning rate ${suggestion} (confidence ${confidence}${between})`);
  }
  return { spec: { ...spec, optimizer: { ...spec.optimizer, lr: suggestion } }, found: search.result };
}
