/** How good predictions are, for classes and for numbers; the usual definitions, in float64. */

export interface ClassMetrics {
  readonly accuracy: number;
  /** Share of rows whose class is among the five most probable; absent up to five classes. */
  readonly top5?: number;
  /** Mean of −ln p(the row's class); absent without probabilities. */
  readonly logLoss?: number;
  /** Mean gap between probability and accuracy over 15 bins (Guo et al. 2017); absent without probabilities. */
  readonly calibrationError?: number;
  /** The bins that hold rows, by the probability of what was predicted; absent without probabilities. */
  readonly calibration?: readonly CalibrationBin[];
  readonly perClass: readonly PerClass[];
  /** Rows by their class, columns by the prediction. */
  readonly confusion: readonly (readonly number[])[];
}

/** The predictions whose probability is in one of 15 equal parts of 0…1. */
export interface CalibrationBin {
  readonly rows: number;
  /** Mean probability of the predictions. */
  readonly probability: number;
  /** Share of them that is right. */
  readonly accuracy: number;
}

/** How well one class is found. */
export interface PerClass {
  readonly name: string;
  /** Rows of the class. */
  readonly rows: number;
  /** Of the rows predicted so, the share that is; null where none is predicted so. */
  readonly precision: number | null;
  /** Of the rows that are so, the share found; null where there are none. */
  readonly recall: number | null;
  /** Harmonic mean of the two; null where one is null or both are 0. */
  readonly f1: number | null;
}

/**
 * Measures of predicted numbers: root mean squared error and mean absolute error in the target's unit, and
 * R².
 */
export interface NumberMetrics {
  readonly rmse: number;
  readonly mae: number;
  /** 1 − squared error over the variance of the target; null for a constant target. */
  readonly r2: number | null;
}

export interface ClassRow {
  /** Index of the row's class, and of the predicted one. */
  readonly truth: number;
  readonly predicted: number;
  readonly probabilities: readonly number[] | null;
}

const BINS = 15;
const TOP = 5;

export function classMetrics(rows: readonly ClassRow[], classes: readonly string[]): ClassMetrics {
  const confusion = classes.map(() => classes.map(() => 0));
  for (const { truth, predicted } of rows) confusion[truth]![predicted]!++;
  const right = rows.filter((r) => r.truth === r.predicted).length;
  const probable = rows.every((r) => r.probabilities !== null);
  return {
    accuracy: right / rows.length,
    ...(probable && classes.length > TOP && { top5: top(rows, TOP) }),
    ...(probable && { logLoss: logLoss(rows), ...calibrationOf(rows) }),
    perClass: classes.map((name, c) => perClass(name, c, confusion)),
    confusion,
  };
}

function perClass(name: string, c: number, confusion: readonly (readonly number[])[]): PerClass {
  const hits = confusion[c]![c]!;
  const rows = confusion[c]!.reduce((a, b) => a + b, 0);
  const predicted = confusion.reduce((sum, row) => sum + row[c]!, 0);
  const precision = predicted === 0 ? null : hits / predicted;
  const recall = rows === 0 ? null : hits / rows;
  const f1 =
    precision === null || recall === null || precision + recall === 0
      ? null
      : (2 * precision * recall) / (precision + recall);
  return { name, rows, precision, recall, f1 };
}

function top(rows: readonly ClassRow[], k: number): number {
  const among = rows.filter(({ truth, probabilities }) => {
    const own = probabilities![truth]!;
    return probabilities!.filter((p) => p > own).length < k;
  });
  return among.length / rows.length;
}

/** A probability of 0 for what happened would be an infinite loss: the smallest double above 0 stands for it. */
function logLoss(rows: readonly ClassRow[]): number {
  let sum = 0;
  for (const { truth, probabilities } of rows)
    sum -= Math.log(Math.max(probabilities![truth]!, Number.MIN_VALUE));
  return sum / rows.length;
}

function calibrationOf(
  rows: readonly ClassRow[],
): Pick<Required<ClassMetrics>, "calibrationError" | "calibration"> {
  const bins = Array.from({ length: BINS }, () => ({ rows: 0, probability: 0, right: 0 }));
  for (const { truth, predicted, probabilities } of rows) {
    const p = probabilities![predicted]!;
    const bin = bins[Math.min(BINS - 1, Math.floor(p * BINS))]!;
    bin.rows++;
    bin.probability += p;
    bin.right += truth === predicted ? 1 : 0;
  }
  const gaps = bins.map(({ probability, right }) => Math.abs(probability - right));
  return {
    calibrationError: gaps.reduce((a, b) => a + b, 0) / rows.length,
    calibration: bins
      .filter((bin) => bin.rows > 0)
      .map((bin) => ({
        rows: bin.rows,
        probability: bin.probability / bin.rows,
        accuracy: bin.right / bin.rows,
      })),
  };
}

/** Over all numbers of all rows. */
export function numberMetrics(truth: ArrayLike<number>, predicted: ArrayLike<number>): NumberMetrics {
  const n = truth.length;
  let [mean, squares, absolute, variance] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) mean += truth[i]! / n;
  for (let i = 0; i < n; i++) {
    const error = predicted[i]! - truth[i]!;
    squares += error * error;
    absolute += Math.abs(error);
    variance += (truth[i]! - mean) ** 2;
  }
  return {
    rmse: Math.sqrt(squares / n),
    mae: absolute / n,
    r2: variance === 0 ? null : 1 - squares / variance,
  };
}
