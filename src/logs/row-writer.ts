/** Keyed rows (JSON objects, W&B history rows) → recorder: which key is the step, which the epoch. */
import { type Meaning, meaningOf, normalise } from "./columns.ts";
import { missingName } from "./finish.ts";
import type { Recorder } from "./recorder.ts";
import type { ReadOptions } from "./types.ts";

export interface Row {
  readonly names: string[];
  readonly values: number[];
}

export interface RowWriter {
  write(row: Row): void;
  /** A key whose value was null: many writers print NaN so. */
  sawNull(name: string): void;
  /** The end: rows held back until the step key was known; a step key the user named must have come. */
  end(): void;
  readonly stepName: string | null;
}

const HELD_ROWS = 1000;
/** Rows with one of these sum a whole training up. */
const SUMMARY_KEYS = new Set(["train_runtime", "train/train_runtime"]);

/** What keys mean, each asked once. */
interface Meanings {
  readonly of: (name: string) => Meaning;
  readonly hasLoss: (row: Row) => boolean;
  /** The key that counts, the best of several. */
  readonly bestStep: (row: Row) => string | null;
  readonly names: () => string[];
}

function createMeanings({ step: wanted }: ReadOptions): Meanings {
  const meanings = new Map<string, Meaning>();
  const meaning = (name: string): Meaning => {
    let found = meanings.get(name);
    if (!found) {
      if (meanings.size > 20_000) return { role: "other", rank: 0 };
      found =
        wanted !== undefined && (name === wanted || normalise(name) === normalise(wanted))
          ? { role: "step", rank: -1 }
          : meaningOf(name);
      meanings.set(name, found);
    }
    return found;
  };

  const hasLoss = (row: Row): boolean => row.names.some((name) => meaning(name).role === "loss");

  const bestStep = (row: Row): string | null => {
    let best: string | null = null;
    let rank = Number.POSITIVE_INFINITY;
    for (const name of row.names) {
      const m = meaning(name);
      if (m.role === "step" && m.rank < rank) {
        best = name;
        rank = m.rank;
      }
    }
    return best;
  };

  return { of: meaning, hasLoss, bestStep, names: () => [...meanings.keys()] };
}

export function createRowWriter(recorder: Recorder, options: ReadOptions): RowWriter {
  const meanings = createMeanings(options);
  const { of: meaning, hasLoss, bestStep } = meanings;
  let stepName: string | null = null;
  let locked = false;
  let held: Row[] = [];
  let nulls = 0;
  let seen = 0;
  let lastStep = Number.NEGATIVE_INFINITY;
  let lastEpoch = Number.NaN;

  const emit = (row: Row): void => {
    const { names, values } = row;
    if (names.some((name) => SUMMARY_KEYS.has(name))) {
      for (const [i, name] of names.entries()) recorder.meta[name] = values[i]!;
      return;
    }
    if (stepName === null) stepName = bestStep(row);
    let step: number | undefined;
    let epoch: number | undefined;
    for (let i = 0; i < names.length; i++) {
      if (names[i] === stepName) step = values[i]!;
      else if (epoch === undefined && meaning(names[i]!).role === "epoch") epoch = values[i]!;
    }
    // an evaluation counted in epochs beside a training counted in steps
    if (step !== undefined && step < lastStep && step === lastEpoch && epoch === undefined && !hasLoss(row))
      step = undefined;
    if (step !== undefined) lastStep = step;
    if (epoch !== undefined) lastEpoch = epoch;
    recorder.row(step, epoch);
    for (let i = 0; i < names.length; i++) {
      if (names[i] !== stepName) recorder.put(recorder.series(names[i]!), values[i]!);
    }
  };

  const flush = (): void => {
    const rows = held;
    held = [];
    if (rows.length > 0) locked = true;
    for (const row of rows) emit(row);
  };

  return {
    write(row) {
      seen++;
      if (locked) {
        emit(row);
        return;
      }
      held.push(row);
      const telling = row.names.some((name) => {
        const { role } = meaning(name);
        return role === "loss" || role === "validation";
      });
      if (telling) stepName = bestStep(row);
      if (telling || held.length >= HELD_ROWS) flush();
    },
    sawNull(name) {
      if (meaning(name).role !== "loss") return;
      nulls++;
      recorder.meta["nullLossCount"] = nulls;
      if (nulls === 1) {
        recorder.note(
          "null-loss",
          `'${name}' is null in some rows: many writers print NaN so; nothing is put in its place`,
        );
      }
    },
    end() {
      flush();
      if (options.step === undefined || seen === 0 || (stepName !== null && meaning(stepName).rank < 0))
        return;
      throw missingName("step", options.step, meanings.names(), options.source);
    },
    get stepName() {
      return stepName;
    },
  };
}
