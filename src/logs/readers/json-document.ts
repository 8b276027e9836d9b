/**
 * One JSON document: Hugging Face's trainer_state.json, an array of rows, columns as arrays
 * (`{"loss": [...], "val_loss": [...]}`, Keras' History), or TensorBoard's downloaded `[[wall, step, value], …]`.
 */
import type { LogFormat, RunLog, Series } from "../../run/log.ts";
import { fileIsCalledLoss, meaningOf } from "../columns.ts";
import { createUtf8Stream } from "../encoding.ts";
import { finishRuns } from "../finish.ts";
import { createJsonFrames, type Frame, type FrameReader } from "../json-frames.ts";
import { createJsonStream } from "../json-stream.ts";
import { Recorder } from "../recorder.ts";
import { createRowWriter, type RowWriter } from "../row-writer.ts";
import { behaviourOf, fallsAtAll } from "../text/behaviour.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type ReadOptions } from "../types.ts";

const MAX_FIELDS = 2000;
/** The series of a document that is one list of numbers. */
const LIST = "values";
/** So many numbers and nothing else begin such a list; "[1, 2000] loss: 2.2" is console output. */
const LIST_OF_NUMBERS = /^\s*\[\s*(?:[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf(?:inity)?)\s*,\s*){8}/i;

function createJsonDocument(options: ReadOptions): FormatReader {
  const recorder = new Recorder(options.maxPoints ?? DEFAULT_POINTS);
  const writer = createRowWriter(recorder, options);
  const content = createContent(recorder, writer);
  const stream = createJsonStream(createJsonFrames(content));
  const utf8 = createUtf8Stream();
  const decoder = new TextDecoder();
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
      const { format, facts: meta, hasColumns } = content;
      const logs = finishRuns(recorder, { final, format, options: withNamedList(options, recorder), meta });
      return hasColumns ? logs.map(stepsFromColumn) : logs;
    },
  };
}

interface Content extends FrameReader {
  readonly format: LogFormat;
  /** What the document says of itself beside its rows. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** Series stand as lists, not as rows. */
  readonly hasColumns: boolean;
}

/** Objects become rows, lists of numbers series; what an outermost object says beside them are facts. */
function createContent(recorder: Recorder, writer: RowWriter): Content {
  const facts: Record<string, string | number> = {};
  let rows = 0;
  let columns = 0;
  let format: LogFormat = "jsonl";

  const point = (series: string, step: number, value: number): void => {
    columns++;
    recorder.at(recorder.series(series), step, value);
  };
  const endObject = ({ names, values, texts }: Frame, parent: Frame | undefined): void => {
    if (parent?.kind === "object") {
      names.forEach((name, i) => {
        if (parent.names.length >= MAX_FIELDS) return;
        parent.names.push(parent.key ? `${parent.key}.${name}` : name);
        parent.values.push(values[i]!);
      });
      return;
    }
    if (parent === undefined && rows + columns > 0 && format !== "jsonl") {
      for (const [i, name] of names.entries()) facts[name] = values[i]!;
      for (const [name, text] of texts) facts[name] = text;
      return;
    }
    if (names.length === 0 || (parent === undefined && columns > 0)) return;
    rows++;
    writer.write({ names, values });
  };
  const endArray = ({ values }: Frame, parent: Frame | undefined): void => {
    if (parent?.kind !== "array" || values.length < 2 || values.length > 3) return;
    // [wall, step, value] as TensorBoard downloads it, or [step, value]
    point(parent.path || "value", values[values.length - 2]!, values[values.length - 1]!);
  };
  return {
    get format() {
      return format;
    },
    get hasColumns() {
      return columns > 0;
    },
    facts,
    begin: (frame, key) => {
      if (frame.kind === "array" && key === "log_history") format = "hf-trainer";
    },
    end: (frame, parent) => (frame.kind === "object" ? endObject(frame, parent) : endArray(frame, parent)),
    number: (value, frame, parent) => {
      if (frame.kind === "object") {
        if (frame.names.length >= MAX_FIELDS) return;
        frame.names.push(frame.key);
        frame.values.push(value);
      } else if (parent === undefined) point(LIST, frame.index, value);
      else if (parent.kind === "array") {
        if (frame.values.length < 4) frame.values.push(value);
      } else if (!frame.inRow && frame.path !== "") point(frame.path, frame.index, value);
    },
    text: (value, frame) => {
      if (frame.kind === "object" && !frame.inRow && frame.texts.length < 200 && value.length < 200)
        frame.texts.push([frame.key, value]);
    },
    nothing: (frame) => {
      if (frame.kind === "object" && frame.inRow) writer.sawNull(frame.key);
    },
  };
}

/** A list without a name is a loss where its file is called one and it falls; else `--loss values` decides. */
function withNamedList(options: ReadOptions, recorder: Recorder): ReadOptions {
  if (options.loss !== undefined || !recorder.names.includes(LIST) || recorder.names.length > 1)
    return options;
  const falls = (): boolean =>
    fallsAtAll(behaviourOf(recorder.runs[0]?.buffers[0]?.snapshot().values ?? new Float64Array(0)));
  if (!fileIsCalledLoss(options.source) || !falls()) return options;
  const file = options.source.split(/[\\/]/).pop()!;
  recorder.note(
    "guessed-loss",
    `a list of numbers without a name, in a file called '${file}', is taken for the loss`,
  );
  return { ...options, loss: LIST };
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
    /^\s*(?:\{\s*["}]|\[\s*(?:\{\s*["'}]|\]|\[\s*[-+.\d]))/.test(text) || LIST_OF_NUMBERS.test(text),
  make: createJsonDocument,
};
