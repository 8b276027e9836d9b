/** What a run that goes on may change, and what it may not. */

import { SteepestError } from "../run/errors.ts";
import { isRecord } from "../run/record.ts";
import type { RunSpec } from "../run/spec.ts";

/** Settings that may change when a run goes on: how long, how often it writes, and on what it computes. */
const MAY_CHANGE: ReadonlySet<string> = new Set([
  "steps",
  "epochs",
  "earlyStopping",
  "logEvery",
  "checkpointEvery",
  "backend",
  "madeWith",
  "$schema",
  "name",
]);

/** The name of the backend that computed the run so far, if its run.json says so. */
export function begunOn({ madeWith }: RunSpec): string | undefined {
  const backend = madeWith?.["backend"];
  return typeof backend === "string" ? backend : undefined;
}

/** Whether a resumed run may have another value of this setting of the run file. */
export const mayChange = (key: string): boolean => MAY_CHANGE.has(key);

/** What a checkpoint keeps of a run: the settings that may not change. Of paths their last part: a run may be moved. */
export function keptSettings(spec: RunSpec): Readonly<Record<string, unknown>> {
  const kept = Object.fromEntries(Object.entries(spec).filter(([key]) => !mayChange(key)));
  return JSON.parse(sorted(withoutFolders(kept))) as Record<string, unknown>;
}

function withoutFolders(value: unknown): unknown {
  if (typeof value === "string" && /^(\/|[A-Za-z]:[\\/])./.test(value)) return value.split(/[\\/]/).at(-1);
  if (Array.isArray(value)) return value.map(withoutFolders);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, withoutFolders(v)]));
}

/** The settings of `begun` and `now` that differ, in words: "seed was 1 … and is 2 now". */
export function differences(
  begun: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  when: string,
): string[] {
  const keys = [...new Set([...Object.keys(begun), ...Object.keys(now)])].filter((key) => !mayChange(key));
  return keys.flatMap((key) => {
    const [was, is] = [sorted(begun[key]), sorted(now[key])];
    return was === is ? [] : [`${key} was ${was} ${when} and is ${is} now`];
  });
}

/**
 * `begun` is the run as it was begun, with everything resolved; what `asked` leaves open agrees with it. `where` is the
 * run's folder. Throws `resume-differs` for a setting that a resumed run keeps.
 */
export function refuseChanges(begun: RunSpec, asked: RunSpec, where: string): void {
  const [first] = differences({ ...begun }, { ...filledFrom(begun, asked) }, "when the run began");
  if (first === undefined) return;
  throw new SteepestError("resume-differs", first, {
    where: `in ${where}`,
    help: "a resumed run keeps its settings (only steps, epochs, earlyStopping, logEvery, checkpointEvery and backend may change); start a new run instead",
  });
}

/** Throws `resume-differs` where the checkpoint was written with other settings than the run file has now. */
export function refuseEdited(
  written: Readonly<Record<string, unknown>>,
  spec: RunSpec,
  { where, onDifference }: { where: string; onDifference?: ((words: string) => void) | undefined },
): void {
  const found = differences(written, keptSettings(spec), "when the checkpoint was written");
  if (onDifference !== undefined) found.forEach(onDifference);
  else if (found.length > 0) {
    const more = found.length > 1 ? ` (and ${found.length - 1} more)` : "";
    throw new SteepestError("resume-differs", `${found[0]}${more}`, {
      where,
      help: "set it back in run.json; or add --force to go on with it as it is now",
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
    isRecord(v) ? Object.fromEntries(Object.entries(v).sort()) : v,
  ) ?? "nothing";
