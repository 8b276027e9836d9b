/** One JSON object a line: anybody's metrics.jsonl, old W&B history files, steepest's own. */
import type { LogFormat } from "../../run/log.ts";
import { createUtf8Stream } from "../encoding.ts";
import { finishRuns } from "../finish.ts";
import { createLineCutter, eachLine } from "../lines.ts";
import { flatten, parseRecord } from "../loose-json.ts";
import { Recorder } from "../recorder.ts";
import { createRowWriter } from "../row-writer.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type Head, type ReadOptions } from "../types.ts";

function createJsonl(options: ReadOptions, head: Head): FormatReader {
  const recorder = new Recorder(options.maxPoints ?? DEFAULT_POINTS);
  const writer = createRowWriter(recorder, options);
  const utf8 = createUtf8Stream();
  const decoder = new TextDecoder();
  const format: LogFormat = isSteepest(head) ? "steepest" : "jsonl";
  let bad = 0;
  const cutter = createLineCutter((block) => {
    eachLine(decoder.decode(block), (line) => {
      if (line.trim() === "") return;
      const record = parseRecord(line);
      if (!record) {
        bad++;
        return;
      }
      if (typeof record["schema"] === "string" && record["schema"].startsWith("steepest.")) {
        header(record, recorder);
        return;
      }
      const names: string[] = [];
      const values: number[] = [];
      flatten(
        record,
        (name, value) => {
          names.push(name);
          values.push(value);
        },
        writer.sawNull,
      );
      if (names.length > 0) writer.write({ names, values });
    });
  });
  return {
    push: (bytes) => cutter.push(utf8.push(bytes)),
    logs(final) {
      if (final) {
        cutter.push(utf8.end());
        cutter.end();
        writer.end();
        if (bad > 0) recorder.note("bad-lines", `${bad} lines are no JSON object and were left out`);
        if (cutter.dropped > 0)
          recorder.note("long-lines", `${cutter.dropped} lines longer than 8 MB were left out`);
      }
      return finishRuns(recorder, { final, format, options });
    },
  };
}

/** The first line of steepest's own metrics: facts about the run, no point. */
function header(record: { [key: string]: unknown }, recorder: Recorder): void {
  for (const [key, value] of Object.entries(record)) {
    if (key !== "schema" && (typeof value === "number" || typeof value === "string"))
      recorder.meta[key] = value;
  }
}

function isSteepest(head: Head): boolean {
  return /"schema"\s*:\s*"steepest\.metrics/.test(head.lines[0] ?? "");
}

export const jsonl: Format = {
  name: "jsonl",
  about: "one JSON object a line",
  detect({ lines, complete }) {
    const first = lines[0]?.trim();
    if (!first?.startsWith("{") || (lines.length === 1 && !complete)) return false;
    const record = parseRecord(first);
    if (record === null || (lines.length === 1 && Object.values(record).some(Array.isArray))) return false;
    const next = lines.slice(1, 9);
    if (!complete && next.length === lines.length - 1) next.pop();
    // objects behind a line number or a time are console output
    return next.filter((line) => line.trim().startsWith("{")).length * 2 >= next.length;
  },
  make: createJsonl,
};
