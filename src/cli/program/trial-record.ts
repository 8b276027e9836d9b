/** What was seen of a trial, kept in a file for the searches that come after. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { SteepestError } from "../../run/errors.ts";
import type { Course, Curve } from "./curve.ts";
import type { Ending } from "./process.ts";

export interface Recorded {
  readonly curve: Curve;
  /** How the program ended; null while it goes on, or when we ended it. */
  readonly ending: Ending | null;
  /** Seconds that it ran, without pauses; null where a record does not say. */
  readonly seconds: number | null;
}

export const UNSEEN: Recorded = { curve: { steps: [], losses: [] }, ending: null, seconds: 0 };

const NAMES = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY } as const;

/** Losses as JSON can hold them. */
interface Written {
  readonly steps: readonly number[];
  readonly losses: readonly (number | keyof typeof NAMES)[];
}

const written = ({ steps, losses }: Course): Written => ({
  steps,
  losses: losses.map((x) => (Number.isFinite(x) ? x : Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf")),
});
const read = ({ steps, losses }: Written): Course => ({
  steps,
  losses: losses.map((x) => (typeof x === "number" ? x : NAMES[x])),
});

/** What a search before this one has seen of the trial; null when it has not come to a record. */
export function readRecord(path: string): Recorded | null {
  if (!existsSync(path)) return null;
  try {
    const {
      heldOut,
      ending,
      seconds = null,
      ...curve
    } = JSON.parse(readFileSync(path, "utf8")) as Written & {
      readonly heldOut?: Written;
      readonly ending: Ending | null;
      readonly seconds?: number | null;
    };
    return {
      curve: { ...read(curve), ...(heldOut !== undefined && { heldOut: read(heldOut) }) },
      ending,
      seconds,
    };
  } catch (cause) {
    throw new SteepestError("trial-record", "the record of a trial can't be read", {
      where: path,
      help: "delete this file: the trial is then run again",
      cause,
    });
  }
}

export function writeRecord(path: string, { curve, ending, seconds }: Recorded): void {
  const { heldOut } = curve;
  const record = {
    ...written(curve),
    ...(heldOut !== undefined && { heldOut: written(heldOut) }),
    ending,
    seconds,
  };
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${path}.new`, path);
}
