/** Everything a run needs to go on bit for bit: tensors, and in the metadata where it stood. */

import { SteepestError } from "../run/errors.ts";
import { isRecord } from "../run/record.ts";
import { checksumsOf } from "./checksums.ts";
import type { ModelRecord } from "./model-record.ts";
import type { StateTensor } from "./program.ts";
import { decodeSafeTensors, encodeSafeTensors } from "./safetensors.ts";

export const CHECKPOINT_FORMAT = "steepest.checkpoint/1";

/** The lowest loss of a run, and the step at which it stood. */
export interface Best {
  readonly loss: number;
  readonly step: number;
}

/** Where a run stood. Random numbers and the order of the data are functions of (seed, step), so two numbers are all. */
export interface Progress {
  /** Optimizer steps made. */
  readonly step: number;
  readonly seed: number;
  /** Sum and number of the losses of the epoch under way. */
  readonly epochLoss: readonly [number, number];
  readonly lastLoss: number | null;
  readonly best: Best | null;
  /** The loss that early stopping waits to see lowered; absent where it does not wait. */
  readonly mark?: Best;
  /** Length of metrics.jsonl when the checkpoint was written: what lies beyond is written again. */
  readonly metricsBytes: number;
  /** State of a schedule that reacts to a metric. */
  readonly schedule: Readonly<Record<string, number | null>> | null;
  /** For people: epoch under way from 1, and rows of it seen. */
  readonly position: { readonly epoch: number; readonly row: number };
}

/** Parameters and buffers keep the model's own names, as PyTorch's state dict has them. */
const storedName = (name: string): string => name.replace(/^(param|buffer)\./, "");

export interface About {
  /** How the model is used on new data; without it the checkpoint only goes on training. */
  readonly model?: ModelRecord | undefined;
  /** The settings that the run was made with, by their keys; a run that goes on is held to them. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A checkpoint as the bytes of a safetensors file: tensors by name with their checksums, and in the metadata
 * the progress, and the model's record and the settings where given.
 */
export function encodeCheckpoint(
  state: readonly StateTensor[],
  progress: Progress,
  { model, settings }: About = {},
): Uint8Array<ArrayBuffer> {
  const tensors = state.map(({ name, shape, values }) => ({ name: storedName(name), shape, values }));
  const metadata = {
    format: CHECKPOINT_FORMAT,
    ...checksumsOf(tensors),
    ...(model && { model: JSON.stringify(model) }),
    ...(settings && { settings: JSON.stringify(settings) }),
    ...Object.fromEntries(Object.entries(progress).map(([key, value]) => [key, encodeValue(value)])),
  };
  return encodeSafeTensors(tensors, metadata);
}

// JSON has no NaN and no infinities, and a loss may be one
const encodeValue = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === "number" && !Number.isFinite(v) ? `#${v}` : v));
const decodeValue = (text: string): unknown =>
  JSON.parse(text, (_, v: unknown) =>
    typeof v === "string" && /^#(NaN|-?Infinity)$/.test(v) ? Number(v.slice(1)) : v,
  );

/**
 * Sets `state` from a checkpoint and returns where it stood; `state` is untouched when this throws. `accept` may refuse the
 * settings that it was written with. Throws `checkpoint-format`, `checkpoint-truncated`, `checkpoint-damaged`, or
 * `checkpoint-model` when it is of another model or optimizer.
 */
export function restoreCheckpoint(
  bytes: Uint8Array,
  state: readonly StateTensor[],
  where: string,
  { accept }: { readonly accept?: (settings: Readonly<Record<string, unknown>>) => void } = {},
): Progress {
  const { tensors, metadata } = decodeSafeTensors(bytes, where);
  if (metadata["format"] !== CHECKPOINT_FORMAT) {
    throw new SteepestError("checkpoint-format", "these tensors were not written by a steepest run", {
      where,
      help: "resume from a checkpoint-last.safetensors in a run folder",
    });
  }
  if (accept !== undefined && metadata["settings"] !== undefined) {
    accept(settingsIn(metadata["settings"], where));
  }
  const otherModel = (what: string): SteepestError =>
    new SteepestError("checkpoint-model", `the checkpoint is of another model or optimizer: ${what}`, {
      where,
      help: "resume with the run.json beside the checkpoint, or start a new run",
    });
  const expected = new Set(state.map((t) => storedName(t.name)));
  for (const { name, shape, values } of state) {
    const found = tensors.get(storedName(name));
    if (found === undefined) throw otherModel(`it has no tensor ${storedName(name)}`);
    if (found.shape.length !== shape.length || found.shape.some((d, i) => d !== shape[i])) {
      throw otherModel(
        `${storedName(name)} is [${found.shape.join(", ")}] there and [${shape.join(", ")}] here`,
      );
    }
    if (found.values.constructor !== values.constructor) {
      const type = (a: object): string => a.constructor.name.replace("Array", "").toLowerCase();
      throw otherModel(`${storedName(name)} is ${type(found.values)} there and ${type(values)} here`);
    }
  }
  for (const name of tensors.keys())
    if (!expected.has(name)) throw otherModel(`it also has a tensor ${name}`);
  const progress = readProgress(metadata, where);
  for (const { name, values } of state) values.set(tensors.get(storedName(name))!.values);
  return progress;
}

function settingsIn(text: string, where: string): Readonly<Record<string, unknown>> {
  try {
    const settings: unknown = JSON.parse(text);
    if (isRecordOf((v): v is unknown => v !== undefined)(settings)) return settings;
  } catch (cause) {
    throw damagedMetadata(where, cause);
  }
  throw damagedMetadata(where, undefined);
}

const damagedMetadata = (where: string, cause: unknown): SteepestError =>
  new SteepestError("checkpoint-format", "the checkpoint's metadata is damaged", {
    where,
    help: "use another checkpoint of the run, or start the run again",
    cause,
  });

function readProgress(metadata: Readonly<Record<string, string>>, where: string): Progress {
  try {
    const read = <T>(key: keyof Progress, is: (value: unknown) => value is T): T => {
      const value = decodeValue(metadata[key] ?? "null");
      if (is(value)) return value;
      throw new Error(`${key} is ${metadata[key] ?? "missing"}`);
    };
    return {
      step: read("step", isWhole),
      seed: read("seed", isWhole),
      epochLoss: read("epochLoss", isPair),
      lastLoss: read("lastLoss", orNull(isNumber)),
      best: read("best", orNull(isBest)),
      ...(metadata["mark"] !== undefined && { mark: read("mark", isBest) }),
      metricsBytes: read("metricsBytes", isWhole),
      schedule: read("schedule", orNull(isRecordOf(orNull(isNumber)))),
      position: read("position", isPosition),
    };
  } catch (cause) {
    throw damagedMetadata(where, cause);
  }
}

type Is<T> = (value: unknown) => value is T;
const isNumber: Is<number> = (v) => typeof v === "number";
const isWhole: Is<number> = (v): v is number => Number.isSafeInteger(v);
const isPair: Is<readonly [number, number]> = (v): v is readonly [number, number] =>
  Array.isArray(v) && v.length === 2 && v.every(isNumber);
const isRecordOf =
  <T>(is: Is<T>): Is<Readonly<Record<string, T>>> =>
  (v): v is Readonly<Record<string, T>> =>
    isRecord(v) && Object.values(v).every(is);
const orNull =
  <T>(is: Is<T>): Is<T | null> =>
  (v): v is T | null =>
    v === null || is(v);
const isBest: Is<Best> = (v): v is Best => isRecordOf(isNumber)(v) && "loss" in v && "step" in v;
const isPosition: Is<Progress["position"]> = (v): v is Progress["position"] =>
  isRecordOf(isNumber)(v) && "epoch" in v && "row" in v;
