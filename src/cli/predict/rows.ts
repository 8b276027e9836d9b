/** Rows with their predictions, as CSV or JSONL. */

import Papa from "papaparse";
import type { Prediction } from "../../predict/interpret.ts";
import type { PredictedPiece } from "../../predict/predict.ts";
import { isRecord } from "../../run/record.ts";

export interface RowShape {
  /** null for a model of numbers. */
  readonly classes: readonly string[] | null;
  /** Whether each class's probability is written too. */
  readonly probabilities: boolean;
  /** Numbers that the model gives for one row. */
  readonly outputs: number;
}

export interface RowWriter {
  /** Told once before the first rows. */
  readonly columns: (names: readonly string[] | null, width: number) => void;
  readonly text: (piece: PredictedPiece) => string;
  readonly records: (piece: PredictedPiece) => readonly Readonly<Record<string, unknown>>[];
}

/** A name that the file has already gets "model_" before it. */
const free = (name: string, taken: readonly string[]): string =>
  taken.includes(name) ? free(`model_${name}`, taken) : name;

/** The added columns. */
function added({ classes, probabilities, outputs }: RowShape, taken: readonly string[]): readonly string[] {
  const names =
    classes === null
      ? outputs === 1
        ? ["prediction"]
        : Array.from({ length: outputs }, (_, j) => `prediction_${j + 1}`)
      : ["prediction", "probability", ...(probabilities ? classes.map((name) => `p(${name})`) : [])];
  return names.map((name) => free(name, taken));
}

function valuesOf({ prediction, probability, probabilities }: Prediction, shape: RowShape): unknown[] {
  if (shape.classes === null) return Array.isArray(prediction) ? [...prediction] : [prediction];
  return [prediction, probability ?? null, ...(shape.probabilities ? (probabilities ?? []) : [])];
}

/** Without a header in the file there is one only where the rows are not its own. */
export function csvWriter(shape: RowShape): RowWriter {
  let names: readonly string[] | null = null;
  let header = true;
  let begun = false;
  const text = ({ rows, predictions }: PredictedPiece): string => {
    const lines = predictions.map((prediction, i) => {
      const row = rows?.[i];
      const own = Array.isArray(row) ? row : row === undefined ? [] : Object.values(row as object);
      return [...own, ...valuesOf(prediction, shape)];
    });
    const first =
      begun || !header
        ? []
        : [[...(names ?? keysOf(rows?.[0])), ...added(shape, names ?? keysOf(rows?.[0]))]];
    begun = true;
    return `${Papa.unparse([...first, ...lines], { newline: "\n" })}\n`;
  };
  return {
    columns: (found) => {
      names = found;
      header = found !== null;
    },
    text,
    records: recordsOf(shape, () => names),
  };
}

const keysOf = (row: unknown): string[] => (isRecord(row) ? Object.keys(row) : []);

export function jsonlWriter(shape: RowShape): RowWriter {
  let names: readonly string[] | null = null;
  const records = recordsOf(shape, () => names);
  return {
    columns: (found) => {
      names = found;
    },
    records,
    text: (piece) =>
      records(piece)
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(""),
  };
}

function recordsOf(shape: RowShape, names: () => readonly string[] | null): RowWriter["records"] {
  return ({ rows, predictions }) =>
    predictions.map((found, i) => {
      const own = ownRecord(rows?.[i], names());
      const taken = Object.keys(own);
      const { prediction, probability, probabilities } = found;
      const named =
        shape.probabilities && probabilities !== undefined && shape.classes !== null
          ? Object.fromEntries(shape.classes.map((name, c) => [name, probabilities[c]]))
          : undefined;
      return {
        ...own,
        [free("prediction", taken)]: prediction,
        ...(probability !== undefined && { [free("probability", taken)]: probability }),
        ...(named && { [free("probabilities", taken)]: named }),
      };
    });
}

function ownRecord(row: unknown, names: readonly string[] | null): Readonly<Record<string, unknown>> {
  if (row === undefined || row === null) return {};
  if (!Array.isArray(row)) return row as Readonly<Record<string, unknown>>;
  return names === null ? { row } : Object.fromEntries(names.map((name, j) => [name, row[j] as unknown]));
}
