/**
 * What a trained model needs beside its weights to be used on new data. It lies in the metadata of checkpoints, so that
 * one file is enough.
 */
import type { TableEncoding, TargetKind } from "../data/index.ts";
import type { LossOptions } from "../nn/losses/loss.ts";
import { SteepestError } from "../run/errors.ts";
import { parseRun } from "../run/parse-run.ts";
import type { ModelSpec, Named, RunSpec } from "../run/spec.ts";
import { version } from "../run/version.ts";
import type { BuiltRun } from "./build.ts";

const MODEL_FORMAT: ModelRecord["format"] = "steepest.model/1";

/** Rows as the training data had them, before scaling. */
export type InputRecord =
  | { readonly kind: "table"; readonly encoding: TableEncoding }
  | {
      readonly kind: "array";
      /** Of one row. */
      readonly shape: readonly number[];
      /** The row's numbers are multiplied by it. */
      readonly scale: number;
      /** The number that white has in a row, where the data says it. */
      readonly white?: number;
    }
  | {
      readonly kind: "text";
      /** Characters in the order of their ids. */
      readonly vocabulary: readonly string[];
      readonly context: number;
      readonly predict: "next" | "every";
    };

/** All that using a trained model needs beside its weights; every checkpoint carries it. */
export interface ModelRecord {
  readonly format: "steepest.model/1";
  /** The version that wrote it. */
  readonly steepest: string;
  readonly name: string;
  readonly model: ModelSpec;
  readonly dtype: "float32" | "float64";
  /** The name of the backend that trained it; older records have the run file's word, such as "auto". */
  readonly backend: string;
  /** For optimizers that evaluate at other parameters than they train, such as schedule-free ones. */
  readonly optimizer: Named;
  /** Parameters that training left as they were; absent where it trained all. */
  readonly frozen?: readonly string[];
  /** Parameter groups, whose state is kept apart; absent where there are none. */
  readonly groups?: RunSpec["groups"];
  readonly clip: RunSpec["clip"] | null;
  readonly loss: { readonly name: string; readonly options: LossOptions };
  readonly input: InputRecord;
  /** Shape and type of one row as the model takes it. */
  readonly row: { readonly shape: readonly number[]; readonly dtype: "float" | "int32" };
  /** Subtracted from and divided into each feature; null where the data was not standardised. */
  readonly scaling: { readonly mean: readonly number[]; readonly std: readonly number[] } | null;
  readonly target: {
    readonly kind: TargetKind;
    /** Shape of one row's target. */
    readonly shape: readonly number[];
    /** Names of the classes in index order; null for numbers. */
    readonly classes: readonly string[] | null;
  };
  /** Numbers that the model gives for one row or position. */
  readonly outputs: number;
}

/** The record of a run as it was built. */
export function modelRecord({
  spec,
  data,
  outputs,
  backend,
  parts,
}: Pick<BuiltRun, "spec" | "data" | "outputs" | "backend" | "parts">): ModelRecord {
  const { features, target, scaling, classes } = data;
  const { name: loss = "module", ...options } = (spec.loss ?? {}) as { name?: string };
  return {
    format: MODEL_FORMAT,
    steepest: version,
    name: spec.name,
    model: spec.model,
    dtype: spec.dtype,
    backend,
    optimizer: spec.optimizer,
    ...(parts.model.frozen !== undefined && { frozen: parts.model.frozen }),
    ...(spec.groups !== undefined && { groups: spec.groups }),
    clip: spec.clip ?? null,
    loss: { name: loss, options },
    input: inputOf(spec.data, data),
    row: {
      shape: features.shape.slice(1),
      dtype: features.data instanceof Int32Array ? "int32" : "float",
    },
    scaling: scaling === undefined ? null : { mean: [...scaling.mean], std: [...scaling.std] },
    target: { kind: target.kind, shape: target.shape.slice(1), classes: classes ?? null },
    outputs,
  };
}

function inputOf(spec: BuiltRun["spec"]["data"], data: BuiltRun["data"]): InputRecord {
  if ("text" in spec) {
    const { context, predict = "next" } = spec;
    return { kind: "text", vocabulary: data.classes ?? [], context, predict };
  }
  if (data.encoding !== undefined) return { kind: "table", encoding: data.encoding };
  const { inputScale: scale = 1, white } = data;
  return {
    kind: "array",
    shape: data.features.shape.slice(1),
    scale,
    ...(white !== undefined && { white }),
  };
}

/** Throws `model-record` for a record of another version or a damaged one. */
export function readModelRecord(text: string, where: string): ModelRecord {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (cause) {
    throw damaged(where, cause);
  }
  const { format, input, row, target, loss } = (record ?? {}) as Partial<ModelRecord>;
  if (format !== MODEL_FORMAT) {
    throw new SteepestError("model-record", `the model is described as ${String(format)}`, {
      where,
      help: `this version reads ${MODEL_FORMAT}: use the version of steepest that trained it, or a newer one`,
    });
  }
  if (input === undefined || row === undefined || target === undefined || loss === undefined) {
    throw damaged(where);
  }
  checkParts(record as ModelRecord, where);
  return record as ModelRecord;
}

/** What the model is built from, held to the schema of run files; the rest of the record is held to its types. */
function checkParts(
  { model, optimizer, frozen, groups, clip, dtype, row, target, loss }: ModelRecord,
  where: string,
): void {
  const sizes = (list: unknown): boolean =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n > 0);
  const typed = row.dtype === "float" || row.dtype === "int32";
  if (!typed || !sizes(row.shape) || !sizes(target.shape) || typeof loss.name !== "string")
    throw damaged(where);
  try {
    parseRun({
      data: { source: "digits" },
      model,
      optimizer,
      dtype,
      freeze: frozen,
      groups,
      ...(clip && { clip }),
    });
  } catch (cause) {
    throw damaged(where, cause);
  }
}

const damaged = (where: string, cause?: unknown): SteepestError =>
  new SteepestError("model-record", "the description of the model is damaged", {
    where,
    help: "use another checkpoint of the run, or train again",
    ...(cause !== undefined && { cause }),
  });
