/** MLflow's file store: one file per metric, one line per value: `<timestamp ms> <value> [<step>]`. */
import { createUtf8Stream } from "../encoding.ts";
import { finishRuns } from "../finish.ts";
import { createLineCutter, eachLine } from "../lines.ts";
import { parseNumber } from "../number.ts";
import { Recorder } from "../recorder.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type ReadOptions } from "../types.ts";

const LINE = /^(\d{9,16}) (\S+)(?: (-?\d+))?$/;

function createMlflow(options: ReadOptions): FormatReader {
  const recorder = new Recorder(options.maxPoints ?? DEFAULT_POINTS);
  const utf8 = createUtf8Stream();
  const decoder = new TextDecoder();
  let name = nameOf(options.source);
  let unnumbered = 0;
  let bad = 0;
  const cutter = createLineCutter((block) => {
    eachLine(decoder.decode(block), (line) => {
      const match = LINE.exec(line.trim());
      const value = match ? parseNumber(match[2]!) : undefined;
      if (value === undefined) {
        if (line.trim() !== "") bad++;
        return;
      }
      // very old stores write no step
      const step = match![3] === undefined ? unnumbered++ : Number(match![3]);
      recorder.at(recorder.series(name), step, value);
    });
  });
  return {
    push: (bytes) => cutter.push(utf8.push(bytes)),
    nextPart(next) {
      cutter.end();
      if (next !== "") name = next;
      unnumbered = 0;
      recorder.backToFirstRun();
    },
    logs(final) {
      if (final) {
        cutter.push(utf8.end());
        cutter.end();
        if (bad > 0)
          recorder.note("bad-lines", `${bad} lines are not "timestamp value step" and were left out`);
      }
      return finishRuns(recorder, { final, format: "mlflow", options });
    },
  };
}

/** A metric's name is its path below `metrics/`. */
function nameOf(source: string): string {
  const parts = source.split(/[\\/]/);
  const at = parts.lastIndexOf("metrics");
  return parts.slice(at >= 0 ? at + 1 : -1).join("/");
}

export const mlflow: Format = {
  name: "mlflow",
  about: "a metric of MLflow: time, value, step on each line",
  detect({ lines, complete }) {
    const whole = complete ? lines : lines.slice(0, -1);
    return whole.length > 0 && whole.slice(0, 50).every((line) => LINE.test(line.trim()));
  },
  make: createMlflow,
};
