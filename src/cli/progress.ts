/** Progress on standard error: a bar where it is a terminal, a line now and then where it is not. */

import cliProgress from "cli-progress";
import { systemClock } from "../run/long-work.ts";
import { plain } from "../run/plain.ts";
import { showNumber } from "../run/show-number.ts";
import type { TrainProgress } from "../train/loop.ts";
import { showSeconds, type Terminal } from "./terminal.ts";

export interface ProgressView {
  readonly update: (progress: TrainProgress) => void;
  readonly note: (text: string) => void;
  readonly stop: () => void;
}

export interface BarView {
  /** `line` is what a log gets where there is no bar; default: the counts and `text`. */
  readonly update: (value: number, text: string, more?: { total?: number; line?: string }) => void;
  /** A line of its own, above the bar; written also where progress is quiet. */
  readonly note: (text: string) => void;
  readonly stop: () => void;
}

interface ProgressOptions {
  readonly terminal: Terminal;
  readonly quiet: boolean;
  readonly total: number;
}

/** Milliseconds between two lines where there is no bar. */
const LINE_EVERY = 10_000;

export function createBar({ terminal, quiet, total: first }: ProgressOptions): BarView {
  if (quiet) return { update: () => {}, note: terminal.note, stop: () => {} };
  if (!terminal.interactive) {
    let last = systemClock.now();
    return {
      update: (value, text, { total = first, line = `${value}/${total}  ${text}` } = {}) => {
        const now = systemClock.now();
        if (now - last < LINE_EVERY) return;
        last = now;
        terminal.note(line);
      },
      note: terminal.note,
      stop: () => {},
    };
  }
  const bar = new cliProgress.SingleBar(
    {
      format: "{bar} {value}/{total}  {text}",
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      barsize: 20,
      fps: 10,
      linewrap: false,
      // cli-progress must not take SIGINT from us
      gracefulExit: false,
      emptyOnZero: true,
    },
    cliProgress.Presets.shades_classic,
  );
  let shown = { value: 0, text: "", total: first };
  const begin = (): void => bar.start(shown.total, shown.value, { text: shown.text });
  begin();
  return {
    update: (value, text, { total = first } = {}) => {
      shown = { value, text, total };
      bar.setTotal(total);
      bar.update(value, { text: plain(text) });
    },
    note: (text) => {
      // a bar that stops goes back to where it began: the next one begins below the line
      bar.stop();
      terminal.note(text);
      begin();
    },
    stop: () => bar.stop(),
  };
}

export function createProgress(options: ProgressOptions): ProgressView {
  const bar = createBar(options);
  return {
    update: (p) => {
      const text = describe(p);
      bar.update(p.step, text, { line: `step ${p.step}/${p.totalSteps}  ${text}` });
    },
    note: bar.note,
    stop: bar.stop,
  };
}

function describe(p: TrainProgress): string {
  const validation = p.validation === null ? "" : `  val ${showNumber(p.validation["loss"]!)}`;
  const batch = p.batchSize === null ? "" : `  batch ${p.batchSize}`;
  return (
    `loss ${showNumber(p.loss)}${validation}  lr ${showNumber(p.lr)}${batch}  |g| ${showNumber(p.gradNorm)}  ` +
    `${showNumber(p.stepsPerSecond)} steps/s  ${showSeconds(p.eta)} left`
  );
}
