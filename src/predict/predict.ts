/** Predictions of a trained model, for rows in memory and for files of any size. */

import type { ModelRecord } from "../train/model-record.ts";
import { requireFinite, scaleRows } from "./encode-rows.ts";
import { interpreter, type Prediction } from "./interpret.ts";
import { lineEncoder, type Piece, type ReadOptions, type RowSource, readRows } from "./read-rows.ts";
import type { Floats, TrainedModel } from "./trained-model.ts";

/** Consecutive rows with what the model says of them. */
export interface PredictedPiece extends Pick<Piece, "first" | "rows"> {
  readonly predictions: readonly Prediction[];
}

/** Streams a file through the model. Throws what `readRows` throws; earlier rows are passed on before. */
export async function predictSource(
  model: TrainedModel,
  source: RowSource,
  { onColumns }: Pick<ReadOptions, "onColumns">,
  sink: (piece: PredictedPiece) => Promise<void>,
): Promise<void> {
  const of = predictor(model);
  const options = { rows: model.batchSize, ...(onColumns && { onColumns }) };
  await readRows(model.record, source, options, ({ values, count, first, rows }) =>
    sink({ first, rows, predictions: of(values, count) }),
  );
}

/**
 * One prediction a row. A row is a record of a table's columns, a list of its values in their order, or for a model of
 * arrays a list (of lists) of numbers. Throws an error that names row and column.
 */
export const predictRows = (model: TrainedModel, rows: readonly unknown[]): Prediction[] =>
  predictor(model)(encodeRows(model.record, rows), rows.length);

/** The rows' features one after another, scaled. Throws an error that names row and column. */
export function encodeRows(record: ModelRecord, rows: readonly unknown[]): Floats {
  const where = "rows";
  const encode = lineEncoder(record, where, false);
  const rowSize = record.row.shape.reduce((a, b) => a * b, 1);
  const length = rows.length * rowSize;
  const values: Floats = record.dtype === "float64" ? new Float64Array(length) : new Float32Array(length);
  rows.forEach((row, i) => encode(row, i + 1).encode(values, i * rowSize));
  requireFinite(values, { first: 1, rowSize, where });
  scaleRows(values, record);
  return values;
}

/** Predictions of encoded rows, in as many calls as they need. */
export function predictor(model: TrainedModel): (values: Floats, count: number) => Prediction[] {
  const { record, batchSize, rowSize, forward } = model;
  const interpret = interpreter(record);
  return (values, count) => {
    const found: Prediction[] = [];
    for (let first = 0; first < count; first += batchSize) {
      const rows = Math.min(batchSize, count - first);
      const outputs = forward(values.subarray(first * rowSize, (first + rows) * rowSize));
      for (let i = 0; i < rows; i++) found.push(interpret(outputs, i * model.width));
    }
    return found;
  };
}
