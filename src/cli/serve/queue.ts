/** Requests that wait together are computed together. */
import type { Prediction } from "../../predict/interpret.ts";
import { predictor } from "../../predict/predict.ts";
import type { Floats, TrainedModel } from "../../predict/trained-model.ts";

interface Waiting {
  readonly values: Floats;
  readonly count: number;
  readonly resolve: (predictions: Prediction[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Of so many encoded rows, the predictions. */
type Predict = (values: Floats, count: number) => Promise<Prediction[]>;

export function predictionQueue(model: TrainedModel): Predict {
  const of = predictor(model);
  let waiting: Waiting[] = [];
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    const total = batch.reduce((sum, { values }) => sum + values.length, 0);
    const values = model.record.dtype === "float64" ? new Float64Array(total) : new Float32Array(total);
    let at = 0;
    for (const one of batch) {
      values.set(one.values, at);
      at += one.values.length;
    }
    try {
      const rows = batch.reduce((sum, { count }) => sum + count, 0);
      const predictions = of(values, rows);
      for (const { count, resolve } of batch) resolve(predictions.splice(0, count));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  return (values, count) =>
    new Promise((resolve, reject) => {
      waiting.push({ values, count, resolve, reject });
      if (waiting.length === 1) setImmediate(flush);
    });
}
