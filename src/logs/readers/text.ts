/**
 * Console output: nanoGPT, llm.c, Megatron-DeepSpeed, fairseq, the PyTorch examples, progress bars, Hugging Face's
 * printed dictionaries and any `key: value` lines, with colours, prefixes and whatever else is between them.
 */
import { SteepestError } from "../../run/errors.ts";
import type { LogFormat, RunLog } from "../../run/log.ts";
import { createUtf8Stream } from "../encoding.ts";
import { finishRuns } from "../finish.ts";
import { createLineCutter, eachLine } from "../lines.ts";
import { Recorder } from "../recorder.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type ReadOptions } from "../types.ts";
import { createTextRows } from "./text-rows.ts";

const MAX_SCANNED = 1 << 16;

function createText(options: ReadOptions): FormatReader {
  const maxPoints = options.maxPoints ?? DEFAULT_POINTS;
  const numbered = new Recorder(maxPoints);
  const counted = new Recorder(maxPoints);
  const rows = createTextRows({ numbered, counted, options });
  const utf8 = createUtf8Stream();
  const decoder = new TextDecoder();
  let long = 0;
  const cutter = createLineCutter(
    (block) => {
      eachLine(decoder.decode(block), (raw) => {
        if (raw.length > MAX_SCANNED) {
          long++;
          return;
        }
        rows.line(stripColours(raw));
      });
    },
    { carriageReturns: true },
  );
  return {
    push: (bytes) => cutter.push(utf8.push(bytes)),
    logs(final) {
      if (final) {
        cutter.push(utf8.end());
        cutter.end();
      }
      const recorder = rows.numberedRows * 2 >= rows.countedRows ? numbered : counted;
      if (final && long + cutter.dropped > 0) {
        recorder.note("long-lines", `${long + cutter.dropped} lines longer than 64 kB were left out`);
      }
      const format: LogFormat = rows.dictionaries * 2 > rows.metricLines ? "hf-trainer" : "text";
      const logs = finishRuns(recorder, { final, format, options });
      if (final) requireMetrics(logs, options);
      return logs;
    },
  };
}

function requireMetrics(logs: readonly RunLog[], options: ReadOptions): void {
  if (logs.length > 0) return;
  throw new SteepestError("no-metrics", "no training metrics are found in this text", {
    where: options.source,
    help: "a line should name its numbers, like `step 10 loss 2.3 lr 1e-3`; a table needs a header; a loss with an unusual name is named with --loss",
  });
}

/** Without terminal escape sequences and without the cost of a copy where there are none. */
export function stripColours(line: string): string {
  return line.includes("\u001b")
    ? line.replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007]{0,200}\u0007|[@-_])/g, "")
    : line;
}

export const text: Format = { id: "text", detect: () => true, create: createText };
