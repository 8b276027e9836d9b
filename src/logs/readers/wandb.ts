/** W&B's binary run file: protobuf records whose history items hold JSON text. */

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { SteepestError } from "../../run/errors.ts";
import { isRecord } from "../../run/record.ts";
import { finishRuns } from "../finish.ts";
import { flatten, parseLoose } from "../loose-json.ts";
import { parseNumber } from "../number.ts";
import { Recorder } from "../recorder.ts";
import { createRowWriter, type Row } from "../row-writer.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type ReadOptions } from "../types.ts";
import { createBlockReader } from "./wandb-blocks.ts";

/** Field numbers of Record: history = 2, config = 5, run = 17. */
const HISTORY = 2;
const CONFIG = 5;
const RUN = 17;

function createWandb(options: ReadOptions): FormatReader {
  const recorder = new Recorder(options.maxPoints ?? DEFAULT_POINTS);
  const writer = createRowWriter(recorder, options);
  const config: Record<string, string | number> = {};
  let run: string | null = null;
  let unreadable = 0;

  const record = (bytes: Uint8Array): void => {
    try {
      eachField(bytes, (field, value) => {
        if (field === HISTORY) writer.write(historyRow(value, writer.sawNull));
        else if (field === CONFIG) readConfig(value, config);
        else if (field === RUN) run = readRun(value, config) ?? run;
      });
    } catch (error) {
      // BinaryReader throws plain and range errors on bytes that are no message
      if (error instanceof TypeError || error instanceof SteepestError) throw error;
      unreadable++;
    }
  };
  const blocks = createBlockReader(record);

  return {
    push: (bytes) => blocks.push(bytes),
    logs(final) {
      if (final) {
        writer.end();
        const { count, at } = blocks.damaged;
        if (count + unreadable > 0) {
          recorder.note(
            "corrupt-record",
            `${count + unreadable} records are damaged and were left out, the first near byte ${at}`,
          );
        }
        if (blocks.open)
          recorder.note("cut-record", "the file ends in the middle of a record: a live run, or a cut copy");
      }
      return finishRuns(recorder, { final, format: "wandb", options, run, meta: config });
    },
  };
}

/** Calls `onField` for the length-delimited fields of a message. */
function eachField(message: Uint8Array, onField: (field: number, value: Uint8Array) => void): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) onField(field, reader.bytes());
    else reader.skip(type, field);
  }
}

const utf8 = new TextDecoder();

/** HistoryRecord: item = 1 (key = 1, nested_key = 2, value_json = 16), step = 2 (num = 1). */
function historyRow(message: Uint8Array, onNull: (name: string) => void): Row {
  const names: string[] = [];
  const values: number[] = [];
  const add = (name: string, value: number): void => {
    names.push(name);
    values.push(value);
  };
  let step: number | undefined;
  eachField(message, (field, value) => {
    if (field === 2) step = stepOf(value);
    if (field !== 1) return;
    const { key, json } = readItem(value);
    addJson(key, json, add, onNull);
  });
  if (step !== undefined && !names.includes("_step")) add("_step", step);
  return { names, values };
}

function stepOf(message: Uint8Array): number | undefined {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.Varint) return Number(reader.int64());
    reader.skip(type, field);
  }
  return 0; // proto3 leaves a zero out
}

function readItem(message: Uint8Array): { key: string; json: string } {
  let key = "";
  let json = "";
  const nested: string[] = [];
  eachField(message, (field, value) => {
    if (field === 1) key = utf8.decode(value);
    else if (field === 2) nested.push(utf8.decode(value));
    else if (field === 16 && value.length < 1 << 16) json = utf8.decode(value);
  });
  return { key: nested.length > 0 ? nested.join(".") : key, json };
}

function addJson(
  key: string,
  json: string,
  add: (name: string, value: number) => void,
  onNull: (name: string) => void,
): void {
  if (json === "null") {
    onNull(key);
    return;
  }
  const number = parseNumber(json.startsWith('"') ? json.slice(1, -1) : json);
  if (number !== undefined) add(key, number);
  else if (json.startsWith("{")) {
    const parsed = parseLoose(json);
    // media and histograms carry their type; a plain dictionary holds metrics
    if (parsed && isRecord(parsed.value) && parsed.value["_type"] === undefined) {
      flatten(parsed.value, (name, value) => add(`${key}.${name}`, value));
    }
  }
}

/** ConfigRecord.update = 1, an item like history's. Only plain numbers and short texts are facts worth keeping. */
function readConfig(message: Uint8Array, config: Record<string, string | number>): void {
  eachField(message, (field, value) => {
    if (field !== 1) return;
    const { key, json } = readItem(value);
    if (key === "" || key.startsWith("_") || Object.keys(config).length >= 200) return;
    const number = parseNumber(json);
    if (number !== undefined) config[key] = number;
    else if (/^"[^"\\]{1,80}"$/.test(json)) config[key] = json.slice(1, -1);
  });
}

/** RunRecord: run_id = 1, config = 4, display_name = 8. */
function readRun(message: Uint8Array, config: Record<string, string | number>): string | null {
  let id: string | null = null;
  let display: string | null = null;
  eachField(message, (field, value) => {
    if (field === 1) id = utf8.decode(value);
    else if (field === 4) readConfig(value, config);
    else if (field === 8) display = utf8.decode(value);
  });
  return display || id;
}

export const wandb: Format = {
  name: "wandb",
  about: "binary logs of Weights & Biases",
  detect: ({ bytes }) => bytes[0] === 58 && bytes[1] === 87 && bytes[2] === 38 && bytes[3] === 66,
  make: createWandb,
};
