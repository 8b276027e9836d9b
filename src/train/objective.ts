/** A built run's training loss as a function of its parameters alone: for curvature, bounds and noise. */
import {
  type Fill,
  finiteLoss,
  type LossProgram,
  lossProgram,
  type Objective,
  objectiveOf,
} from "../curvature/index.ts";
import { batchPlan, type DataArray, type Rows, rowCount, rowSize } from "../data/index.ts";
import type { Backend } from "../engine/backend.ts";
import { wasm } from "../engine/backends/wasm.ts";
import { constant } from "../engine/graph/index.ts";
import { keepsStatistics } from "../nn/freeze.ts";
import type { Context, ParamDType } from "../nn/layer.ts";
import { SteepestError } from "../run/errors.ts";
import type { BuiltRun } from "./build.ts";
import { pass } from "./pass.ts";
import { batchInputs, tensorInputs } from "./trace.ts";

/** Options of `runObjective`. */
export interface ObjectiveOptions {
  /** Rows of the training data: all, one batch, or so many of them, the same for the same seed. Default: `defaultRows`. */
  readonly rows?: number | "full" | "batch";
  /** Default wasm. */
  readonly backend?: Backend;
  /** Default float64 up to 10,000 parameters: small curvatures drown in float32's rounding. Above that the run's own. */
  readonly dtype?: ParamDType;
}

/** A run's loss as a function of its parameters alone, over rows that stay the same. */
export interface RunObjective extends Objective {
  /** Rows it is the mean of, and how many the training data has. */
  readonly rows: number;
  readonly of: number;
  readonly dtype: ParamDType;
  /** How layers that behave differently in training are taken, in words; empty where there are none. */
  readonly notes: readonly string[];
  /** Moves to the parameters that the run has now. */
  readonly sync: () => void;
  /** Loss and gradient of these rows' mean (row numbers of the training data), at the same point. */
  readonly gradientOfRows: (rows: Int32Array, out: Float64Array) => number;
}

/** Enough for L to some per cent, few enough that a product takes well under a second on most models. */
export const defaultRows = (parameters: number): number => (parameters <= DOUBLE_UP_TO ? 1024 : 256);
const DOUBLE_UP_TO = 10_000;
/** Rows that are computed at once; a batch-normalised model takes the run's own batches instead. */
const CHUNK_ROWS = 256;

/**
 * Dropout is off. Batch norm uses the statistics of the batch as training does, so such a model is taken in batches of
 * the run's size; its buffers stay as they are, and where it also has dropout one mask is drawn and kept.
 */
export function runObjective(
  built: BuiltRun,
  {
    rows = defaultRows(built.parameters),
    backend = wasm,
    dtype = built.parameters <= DOUBLE_UP_TO ? "float64" : built.spec.dtype,
  }: ObjectiveOptions = {},
): RunObjective {
  const { data, plan, step, parts } = built;
  const { model, loss, shapes } = parts;
  const n = rowCount(data.features);
  const count = countOf(rows, n, plan.batchSize);
  const usesBatch = keepsStatistics(model);
  const chunk = Math.min(count, usesBatch ? plan.batchSize : CHUNK_ROWS);
  const sample = count === n ? data : pick(data, sampleOf(built, count));
  const chunks = batchPlan({ n: count, batchSize: chunk, shuffle: false, dropLast: usesBatch });

  const context: Context = { training: usesBatch, key: [word(0), word(1)] };
  const programs = new Map<number, LossProgram>();
  const programFor = (size: number): LossProgram => {
    const found = programs.get(size);
    if (found !== undefined) return found;
    const batch = batchInputs(shapes(size), dtype);
    const params = tensorInputs("param.", model.params, dtype);
    const buffers = tensorInputs("buffer.", model.buffers, dtype);
    const { output, context: given } = pass(model, { params, buffers, batch, context });
    const made = lossProgram({ params, loss: loss(output, batch, given), backend });
    programs.set(size, made);
    return made;
  };
  const fillWith =
    (write: (x: DataArray, y: DataArray | null) => void): Fill =>
    (view) => {
      // a loss need not look at every part of the batch
      const [x, y] = [view("batch.x"), view("batch.y")];
      write((x ?? new Float64Array(chunk * rowSize(data.features))) as DataArray, y as DataArray | null);
      for (const { name, values } of step.state) if (name.startsWith("buffer.")) view(name)?.set(values);
    };
  const fills = Array.from({ length: chunks.stepsPerEpoch }, (_, k) =>
    fillWith((x, y) => chunks.fill(k, sample.features, sample.target, x, y)),
  );

  const covered = fills.reduce((sum, _, k) => sum + chunks.sizeOf(k), 0);
  const size = programFor(chunk).size;
  const at = meanOfChunks(
    fills.map((fill, k) => ({
      fill,
      weight: chunks.sizeOf(k) / covered,
      program: () => programFor(chunks.sizeOf(k)),
    })),
    size,
  );
  const own = (): Float64Array => flatParameters(built);
  const objective = objectiveOf(at, own(), () => {});
  return {
    ...objective,
    rows: covered,
    of: n,
    dtype,
    notes: notesOf(model.keys > 0, usesBatch, chunk),
    sync: () => objective.moveTo(own()),
    gradientOfRows: (indices, out) => {
      const some = pick(data, indices);
      const fill = fillWith((x, y) => {
        x.set(some.features.data);
        y?.set(some.target.data);
      });
      return finiteLoss(programFor(indices.length).gradient(objective.point(), out, fill));
    },
  };
}

/** A copy of all parameters that the run has now, flat, in the model's order. */
export function flatParameters({ step, parameters }: BuiltRun): Float64Array {
  const flat = new Float64Array(parameters);
  let position = 0;
  for (const { name, values } of step.state) {
    if (!name.startsWith("param.")) continue;
    flat.set(values, position);
    position += values.length;
  }
  return flat;
}

interface Chunk {
  readonly fill: Fill;
  readonly program: () => LossProgram;
  /** Its share of the rows. */
  readonly weight: number;
}

/** Adds up the chunks, each weighted by its rows: losses are means over rows. */
function meanOfChunks(chunks: readonly Chunk[], size: number): LossProgram {
  const part = new Float64Array(size);
  const over = (out: Float64Array | null, run: (program: LossProgram, fill: Fill) => number): number => {
    let total = 0;
    if (out !== null) out.fill(0);
    for (const { fill, program, weight } of chunks) {
      total += weight * run(program(), fill);
      if (out !== null) for (let i = 0; i < size; i++) out[i] = out[i]! + weight * part[i]!;
    }
    return total;
  };
  return {
    size,
    loss: (point) => over(null, (program, fill) => program.loss(point, fill)),
    gradient: (point, out) => over(out, (program, fill) => program.gradient(point, part, fill)),
    product: (point, v, out) => {
      over(out, (program, fill) => {
        program.product(point, v, part, fill);
        return 0;
      });
    },
  };
}

const word = (value: number): ReturnType<typeof constant> => constant(value, { dtype: "int32" });

function countOf(rows: number | "full" | "batch", n: number, batchSize: number): number {
  if (rows === "full") return n;
  if (rows === "batch") return batchSize;
  if (Number.isInteger(rows) && rows >= 1) return Math.min(rows, n);
  throw new SteepestError("option", `rows must be a whole number from 1, "full" or "batch", not ${rows}`, {
    help: `the training data has ${n} rows`,
  });
}

/** The first rows of the run's own order: with a batch's size, its first batch. */
const sampleOf = ({ plan, spec }: BuiltRun, count: number): Int32Array =>
  batchPlan({ n: plan.n, batchSize: count, shuffle: spec.shuffle, seed: spec.seed }).rowsOf(0);

interface Picked {
  readonly features: Rows;
  readonly target: Rows;
}

function pick({ features, target }: Picked, indices: ArrayLike<number>): Picked {
  return { features: pickRows(features, indices), target: pickRows(target, indices) };
}

function pickRows(rows: Rows, indices: ArrayLike<number>): Rows {
  const { data, shape, rowStride } = rows;
  const size = rowSize(rows);
  const out = new (data.constructor as Float64ArrayConstructor)(indices.length * size) as DataArray;
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * rowStride;
    out.set(data.subarray(from, from + size), i * size);
  }
  return { data: out, shape: [indices.length, ...shape.slice(1)], rowStride: size };
}

function notesOf(drawsMasks: boolean, usesBatch: boolean, chunk: number): string[] {
  if (usesBatch) {
    const mask = drawsMasks ? "; dropout keeps one mask" : "";
    return [`batch norm takes the statistics of each batch of ${chunk} rows, as training does${mask}`];
  }
  return drawsMasks ? ["dropout is off"] : [];
}
