/** The one door to data: a run file's `data` in, rows ready for training out. */
import { type NumberArray, readIdx, readNpy } from "./arrays.ts";
import { loadCsv } from "./csv/index.ts";
import {
  checkFinite,
  checkSamples,
  classCount,
  classTarget,
  type Dataset,
  type FloatDType,
  noTarget,
  packed,
  rowCount,
  type Samples,
  type Target,
} from "./dataset.ts";
import { isInteger } from "./elements.ts";
import type { DataHost } from "./host.ts";
import { findSource } from "./sources/index.ts";
import type { DataSpec, IdxSpec, NpySpec } from "./spec.ts";
import { splitRows } from "./split.ts";
import { standardize } from "./standardize.ts";
import { loadText } from "./text.ts";

/** Options of `loadData`. */
export interface LoadOptions {
  /** Type of feature values and numeric targets. Default float32. */
  readonly dtype?: FloatDType;
  /** Fraction of the training rows to set aside as `validation`. Default 0: none. */
  readonly validation?: number;
  /** Decides which rows are set aside. Default 0. */
  readonly seed?: number;
  /** What the loss needs the target to be, where the run file's `task` does not say. */
  readonly targetKind?: "class" | "number" | undefined;
}

/**
 * Reads data, sets validation rows aside, then standardises by the training part.
 * Throws a SteepestError that names file, row and column for anything it can't use.
 */
export async function loadData(
  spec: DataSpec,
  host: DataHost,
  { dtype = "float32", validation = 0, seed = 0, targetKind }: LoadOptions = {},
): Promise<Dataset> {
  if ("text" in spec) return loadText(spec, host, { validation });
  let dataset = await read(spec, host, { dtype, targetKind });
  if (validation !== 0) {
    const { train, held } = splitRows(dataset, validation, seed);
    dataset = { ...dataset, ...train, validation: held };
  }
  return spec.standardize ? standardize(dataset) : dataset;
}

interface ReadOptions {
  readonly dtype: FloatDType;
  readonly targetKind: "class" | "number" | undefined;
}

async function read(
  spec: Exclude<DataSpec, { text: string }>,
  host: DataHost,
  { dtype, targetKind }: ReadOptions,
): Promise<Dataset> {
  if ("source" in spec) return withDType(await findSource(spec.source).load(host, dtype), dtype);
  const kind = spec.task === undefined ? targetKind : spec.task === "classification" ? "class" : "number";
  if ("csv" in spec) return loadCsv(spec, host, { dtype, kind });
  return loadArrays(spec, host, { dtype, kind });
}

/** Built-in sets may be made in float64; a float32 run gets all their rows rounded. */
function withDType(dataset: Dataset, dtype: FloatDType): Dataset {
  if (dtype !== "float32") return dataset;
  const convert = <R extends { readonly data: Dataset["features"]["data"] }>(rows: R): R =>
    rows.data instanceof Float64Array ? { ...rows, data: Float32Array.from(rows.data) } : rows;
  const rounded = ({ features, target }: Samples): Samples => ({
    features: convert(features),
    target: convert(target),
  });
  const { test, validation } = dataset;
  return {
    ...dataset,
    ...rounded(dataset),
    ...(test && { test: rounded(test) }),
    ...(validation && { validation: rounded(validation) }),
  };
}

async function loadArrays(
  spec: NpySpec | IdxSpec,
  host: DataHost,
  { dtype, kind }: { dtype: FloatDType; kind: "class" | "number" | undefined },
): Promise<Dataset> {
  const idx = "idx" in spec;
  const readOne = idx ? readIdx : readNpy;
  let scale = 1;
  let bytes = false;
  const samples = async (
    path: string,
    targetPath: string | null | undefined,
    classes?: number,
  ): Promise<Samples> => {
    const features = await readOne(host, path, dtype);
    scale = spec.scale ?? (idx && features.element === "u1" ? 1 / 255 : 1);
    bytes = features.element === "u1";
    const { data } = features;
    if (scale !== 1) for (let i = 0; i < data.length; i++) data[i] = data[i]! * scale;
    const rows = packed(data, features.shape.length === 1 ? [features.shape[0]!, 1] : features.shape);
    checkFinite(rows, path);
    const target = targetPath == null ? null : await readOne(host, targetPath, "float64");
    const made = {
      features: rows,
      target: target ? arrayTarget(target, targetPath!, { kind, dtype, classes }) : noTarget(rowCount(rows)),
    };
    checkSamples(made, path);
    return made;
  };
  const name = idx ? spec.idx : spec.npy;
  const train = await samples(name, spec.target, spec.classes);
  const classes = train.target.kind === "class" ? (spec.classes ?? classCount(train.target)) : undefined;
  const inputScale = scale;
  const white = bytes ? { white: 255 } : {};
  const { test } = spec;
  return {
    name,
    ...train,
    inputScale,
    ...white,
    ...(classes !== undefined && { classes: Array.from({ length: classes }, (_, i) => String(i)) }),
    ...(test && { test: await samples("idx" in test ? test.idx : test.npy, test.target, classes) }),
  };
}

/** Whole numbers in one column are classes and anything else numbers, unless the run says which. */
function arrayTarget(
  { data, shape, element }: NumberArray,
  path: string,
  {
    kind,
    dtype,
    classes,
  }: { kind: "class" | "number" | undefined; dtype: FloatDType; classes: number | undefined },
): Target {
  const column = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (kind === "class" || (kind === undefined && column && isInteger(element))) {
    const target = classTarget(data, path, classes);
    return column ? target : { ...target, ...packed(target.data, shape) };
  }
  const rows = packed(dtype === "float32" ? Float32Array.from(data) : data, shape);
  checkFinite(rows, path);
  return { ...rows, kind: "number" };
}
