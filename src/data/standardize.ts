import { SteepestError } from "../run/errors.ts";
import { type Dataset, type Rows, rowCount, rowSize, type Scaling } from "./dataset.ts";

/**
 * Brings every column to mean 0 and standard deviation 1, in place: (x − mean)/std with the mean and the population
 * standard deviation of the training part only, so that nothing of validation and test leaks into training. One-hot
 * columns stay 0 and 1; a constant column becomes 0.
 */
export function standardize(dataset: Dataset): Dataset {
  if (dataset.features.data instanceof Int32Array) {
    throw new SteepestError("standardize", "whole numbers that stand for symbols can't be standardised", {
      where: dataset.name,
      help: "remove standardize from the data",
    });
  }
  const scaling = columnScaling(dataset.features, dataset.categorical);
  for (const part of [dataset, dataset.validation, dataset.test]) {
    if (part) applyScaling(part.features, scaling);
  }
  return { ...dataset, scaling };
}

/** Two passes in float64, so that a column far from zero keeps its spread. */
function columnScaling(rows: Rows, categorical: readonly boolean[] | undefined): Scaling {
  const [n, width] = [rowCount(rows), rowSize(rows)];
  const mean = new Float64Array(width);
  const std = new Float64Array(width);
  for (let i = 0; i < n * width; i++) mean[i % width]! += rows.data[i]! / n;
  for (let i = 0; i < n * width; i++) std[i % width]! += (rows.data[i]! - mean[i % width]!) ** 2 / n;
  for (let j = 0; j < width; j++) {
    // A spread at the level of the mean's rounding is a constant column.
    const spread = Math.sqrt(std[j]!);
    std[j] = spread > 1e-12 * Math.abs(mean[j]!) ? spread : 1;
    if (categorical?.[j]) [mean[j], std[j]] = [0, 1];
  }
  return { mean, std };
}

/** Two columns of numbers, and how many times as wide as the other one the first one spreads. */
export interface Spreads {
  readonly widest: string;
  readonly narrowest: string;
  readonly ratio: number;
}

/** The columns of a table of numbers that spread most and least; null where there are not two, or they are standardised. */
export function spreads({ features, categorical, featureNames, scaling }: Dataset): Spreads | null {
  if (categorical === undefined || featureNames === undefined || scaling !== undefined) return null;
  const { std } = columnScaling(features, categorical);
  // a constant column has 1
  const places = [...std.keys()].filter((j) => !categorical[j] && std[j] !== 1);
  if (places.length < 2) return null;
  const widest = places.reduce((a, b) => (std[b]! > std[a]! ? b : a));
  const narrowest = places.reduce((a, b) => (std[b]! < std[a]! ? b : a));
  return {
    widest: featureNames[widest]!,
    narrowest: featureNames[narrowest]!,
    ratio: std[widest]! / std[narrowest]!,
  };
}

function applyScaling({ data, shape }: Rows, { mean, std }: Scaling): void {
  const width = mean.length;
  const length = shape.reduce((a, b) => a * b, 1);
  for (let i = 0; i < length; i++) data[i] = (data[i]! - mean[i % width]!) / std[i % width]!;
}
