/** What a run that goes on may change, and what it may not. */
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";

/** Settings that may change when a run goes on: how long, how often it writes, and on what it computes. */
const MAY_CHANGE: ReadonlySet<string> = new Set([
  "steps",
  "epochs",
  "logEvery",
  "checkpointEvery",
  "backend",
  "madeWith",
  "$schema",
  "name",
]);

/** Whether a resumed run may have another value of this setting of the run file. */
export const mayChange = (key: string): boolean => MAY_CHANGE.has(key);

/**
 * `begun` is the run as it was begun, with everything resolved; what `asked` leaves open agrees with it. `where` is the
 * run's folder. Throws `resume-differs` for a setting that a resumed run keeps.
 */
export function refuseChanges(begun: RunSpec, asked: RunSpec, where: string): void {
  const filled = filledFrom(begun, asked);
  for (const key of new Set([...Object.keys(begun), ...Object.keys(filled)])) {
    if (mayChange(key)) continue;
    const [was, is] = [sorted(begun[key as keyof RunSpec]), sorted(filled[key as keyof RunSpec])];
    if (was === is) continue;
    throw new SteepestError("resume-differs", `${key} was ${was} when the run began and is ${is} now`, {
      where: `in ${where}`,
      help: "a resumed run keeps its settings (only steps, epochs, logEvery, checkpointEvery and backend may change); start a new run instead",
    });
  }
}

function filledFrom(begun: RunSpec, asked: RunSpec): RunSpec {
  const { loss = begun.loss, batchSize = begun.batchSize, optimizer } = asked;
  const open = optimizer.lr === undefined || optimizer.lr === "auto";
  return {
    ...asked,
    loss,
    batchSize,
    optimizer: open ? { ...optimizer, lr: begun.optimizer.lr } : optimizer,
  };
}

/** JSON with the keys of every record in order. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    typeof v === "object" && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort())
      : v,
  ) ?? "nothing";
