/** Progress on standard error: a bar where it is a terminal, a line now and then where it is not. */
import cliProgress from "cli-progress";
import type { TrainProgress } from "../train/loop.ts";
import { showNumber, showSeconds, type Terminal } from "./terminal.ts";

export interface ProgressView {
  readonly update: (progress: TrainProgress) => void;
  readonly stop: () => void;
}

/** Milliseconds between two lines where there is no bar. */
const LINE_EVERY = 10_000;

export function createProgress({
  terminal,
  quiet,
  total,
}: {
  terminal: Terminal;
  quiet: boolean;
  total: number;
}): ProgressView {
  if (quiet) return { update: () => {}, stop: () => {} };
  if (!terminal.interactive) {
    let last = performance.now();
    return {
      update: (p) => {
        const now = performance.now();
        if (now - last < LINE_EVERY) return;
        last = now;
        terminal.note(`step ${p.step}/${p.totalSteps}  ${describe(p)}`);
      },
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
  bar.start(total, 0, { text: "" });
  return {
    update: (p) => bar.update(p.step, { text: describe(p) }),
    stop: () => bar.stop(),
  };
}

function describe(p: TrainProgress): string {
  const validation = p.validation === null ? "" : `  val ${showNumber(p.validation["loss"]!)}`;
  return (
    `loss ${showNumber(p.loss)}${validation}  lr ${showNumber(p.lr)}  |g| ${showNumber(p.gradNorm)}  ` +
    `${showNumber(p.stepsPerSecond)} steps/s  ${showSeconds(p.eta)} left`
  );
}
