/**
 * One JSON document: Hugging Face's trainer_state.json, an array of rows, columns as arrays
 * (`{"loss": [...], "val_loss": [...]}`, Keras' History), or TensorBoard's downloaded `[[wall, step, value], …]`.
 */
import type { LogFormat, RunLog, Series } from "../../run/log.ts";
import { fileIsCalledLoss, meaningOf } from "../columns.ts";
import { createUtf8Stream } from "../encoding.ts";
import { finishRuns } from "../finish.ts";
import { createJsonStream, type JsonHandler } from "../json-stream.ts";
import { Recorder } from "../recorder.ts";
import { createRowWriter } from "../row-writer.ts";
import { behaviourOf, fallsAtAll } from "../text/behaviour.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type ReadOptions } from "../types.ts";

interface Frame {
  readonly kind: "object" | "array";
  /** Keys that lead here. */
  readonly path: string;
  /** Inside an element of an array: its numbers belong to a row. */
  readonly inRow: boolean;
  key: string;
  index: number;
  names: string[];
  values: number[];
  texts: [string, string][];
}

const MAX_FIELDS = 2000;
/** The series of a document that is one list of numbers. */
const LIST = "values";
/** So many numbers and nothing else begin such a list; "[1, 2000] loss: 2.2" is console output. */
const LIST_OF_NUMBERS = /^\s*\[\s*(?:[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf(?:inity)?)\s*,\s*){8}/i;

function createJsonDocument(options: ReadOptions): FormatReader {
  const recorder = new Recorder(options.maxPoints ?? DEFAULT_POINTS);
  const writer = createRowWriter(recorder, options);
  const utf8 = createUtf8Stream();
  const decoder = new TextDecoder();
  const stack: Frame[] = [];
  const documentFacts: Record<string, string | number> = {};
  let rows = 0;
  let columns = 0;
  let format: LogFormat = "jsonl";

  const top = (): Frame | undefined => stack[stack.length - 1];

  const closeObject = (frame: Frame): void => {
    const parent = top();
    if (parent?.kind === "object") {
      frame.names.forEach((name, i) => {
        if (parent.names.length >= MAX_FIELDS) return;
        parent.names.push(parent.key ? `${parent.key}.${name}` : name);
        parent.values.push(frame.values[i]!);
      });
      return;
    }
    if (parent === undefined && rows + columns > 0 && format !== "jsonl") {
      for (const [i, name] of frame.names.entries()) documentFacts[name] = frame.values[i]!;
      for (const [name, text] of frame.texts) documentFacts[name] = text;
      return;
    }
    if (frame.names.length === 0 || (parent === undefined && columns > 0)) return;
    rows++;
    writer.write({ names: frame.names, values: frame.values });
  };

  const closeArray = (frame: Frame): void => {
    const parent = top();
    const { values } = frame;
    if (parent?.kind !== "array" || values.length < 2 || values.length > 3) return;
    // [wall, step, value] as TensorBoard downloads it, or [step, value]
    columns++;
    recorder.at(
      recorder.series(parent.path || "value"),
      values[values.length - 2]!,
      values[values.length - 1]!,
    );
  };

  const handler: JsonHandler = {
    open(kind) {
      const parent = top();
      const key = parent?.kind === "object" ? parent.key : "";
      const path =
        parent === undefined ? "" : parent.path && key ? `${parent.path}/${key}` : parent.path || key;
      if (kind === "array" && key === "log_history") format = "hf-trainer";
      const inRow = parent !== undefined && (parent.inRow || (kind === "object" && parent.kind === "array"));
      stack.push({ kind, path, inRow, key: "", index: 0, names: [], values: [], texts: [] });
    },
    close() {
      const frame = stack.pop();
      if (!frame) return;
      if (frame.kind === "object") closeObject(frame);
      else closeArray(frame);
      const parent = top();
      if (parent) parent.index++;
    },
    key(name) {
      const frame = top();
      if (frame) frame.key = name;
    },
    number(value) {
      const frame = top();
      if (!frame) return;
      if (frame.kind === "object") {
        if (frame.names.length >= MAX_FIELDS) return;
        frame.names.push(frame.key);
        frame.values.push(value);
        return;
      }
      const nested = stack[stack.length - 2]?.kind === "array";
      if (stack.length === 1) {
        columns++;
        recorder.at(recorder.series(LIST), frame.index, value);
      } else if (nested) {
        if (frame.values.length < 4) frame.values.push(value);
      } else if (!frame.inRow && frame.path !== "") {
        columns++;
        recorder.at(recorder.series(frame.path), frame.index, value);
      }
      frame.index++;
    },
    text(value) {
      const frame = top();
      if (!frame) return;
      if (frame.kind === "object" && !frame.inRow && frame.texts.length < 200 && value.length < 200) {
        frame.texts.push([frame.key, value]);
      }
      if (frame.kind === "array") frame.index++;
    },
    nothing() {
      const frame = top();
      if (frame?.kind === "object" && frame.inRow) writer.sawNull(frame.key);
      if (frame?.kind === "array") frame.index++;
    },
  };
  const falls = (): boolean =>
    fallsAtAll(behaviourOf(recorder.runs[0]?.buffers[0]?.snapshot().values ?? new Float64Array(0)));
  /** A list without a name is a loss where its file is called one and it falls; else `--loss values` decides. */
  const named = (given: ReadOptions): ReadOptions => {
    const file = given.source.split(/[\\/]/).pop()!;
    if (given.loss !== undefined || !recorder.names.includes(LIST) || recorder.names.length > 1) return given;
    if (!fileIsCalledLoss(given.source) || !falls()) return given;
    recorder.note(
      "guessed-loss",
      `a list of numbers without a name, in a file called '${file}', is taken for the loss`,
    );
    return { ...given, loss: LIST };
  };
  const stream = createJsonStream(handler);
  const feed = (bytes: Uint8Array): void => stream.push(decoder.decode(bytes, { stream: true }));

  return {
    push: (bytes) => feed(utf8.push(bytes)),
    logs(final) {
      if (final) {
        feed(utf8.end());
        stream.push("\n");
        writer.end();
        if (stream.depth > 0)
          recorder.note("cut-document", "the document ends before its last bracket: a cut copy");
      }
      const logs = finishRuns(recorder, { final, format, options: named(options), meta: documentFacts });
      return columns > 0 ? logs.map(stepsFromColumn) : logs;
    },
  };
}

/** Columns side by side: one of them may be the steps of the others. */
function stepsFromColumn(log: RunLog): RunLog {
  const named = (role: string): Series | undefined =>
    log.series.find((s) => meaningOf(s.name.split("/").pop()!).role === role);
  const clock = named("step") ?? named("epoch");
  const length = log.series[0]?.steps.length;
  const counted = log.series.every((s) => s.steps[0] === 0 || s.steps.length === 0);
  if (!counted) return log;
  if (
    !clock ||
    clock.values.length !== length ||
    clock.values.some((v, i) => i > 0 && !(v >= clock.values[i - 1]!))
  ) {
    return { ...log, stepUnit: "row" };
  }
  const series = log.series.map((s) => (s.steps.length === length ? { ...s, steps: clock.values } : s));
  return {
    ...log,
    series,
    stepUnit: meaningOf(clock.name.split("/").pop()!).role === "epoch" ? "epoch" : "step",
  };
}

export const jsonDocument: Format = {
  name: "hf-trainer",
  about: "one JSON document: trainer_state.json of Hugging Face, lists of records, columns",
  // "[1,  2000] loss: 2.2" and "[2023-01-01 …" open a bracket, too
  detect: ({ text }) =>
    /^\s*(?:\{\s*["}]|\[\s*(?:[{\]]|\[\s*[-+.\d]))/.test(text) || LIST_OF_NUMBERS.test(text),
  make: createJsonDocument,
};
