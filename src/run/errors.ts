import { plainLines } from "./plain.ts";

/**
 * The one error type steepest throws on purpose. It prints as
 * `error[id]: what, where; help: remedy`: an id to search for, the place, and what to do next.
 */
export interface ErrorDetails {
  /** The place: a file with line and column, a key of the run file, a step, a call site. */
  readonly where?: string | undefined;
  /** What the reader can do about it, as an imperative sentence. */
  readonly help?: string | undefined;
  /** 2 (default) for wrong usage or bad input, 1 for work that failed while running. */
  readonly exitCode?: 1 | 2;
  readonly cause?: unknown;
}

/**
 * Every error that steepest throws on purpose: what is wrong in `message`, the place in `where`, the remedy
 * in `help`, and an `id` that programs can rely on. `exitCode` is the command line's: 2 for what the user
 * can mend, 1 for what went wrong on the way.
 */
export class SteepestError extends Error {
  readonly id: string;
  readonly where: string | undefined;
  readonly help: string | undefined;
  readonly exitCode: 1 | 2;

  constructor(id: string, what: string, { where, help, exitCode = 2, cause }: ErrorDetails = {}) {
    super(where ? `${what}, ${where}` : what, cause === undefined ? undefined : { cause });
    this.name = "SteepestError";
    this.id = id;
    this.where = where;
    this.help = help;
    this.exitCode = exitCode;
  }
}

/**
 * A number that the work needs became NaN or infinite: the loss, a gradient, a curvature. A type of its own, because for
 * those who try rates a run that diverges is a result and no failure.
 */
export class NonFiniteError extends SteepestError {
  constructor(what: string, details: Omit<ErrorDetails, "exitCode"> = {}) {
    super("non-finite", what, { ...details, exitCode: 1 });
  }
}

/** What the system says of a file, in words; other codes keep the system's own. */
const SYSTEM: Readonly<Record<string, string>> = {
  EACCES: "permission is missing",
  EIO: "the disk failed",
  EISDIR: "it is a folder",
  ELOOP: "its symbolic links go in a circle",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "there is no such file",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is no folder",
  EPERM: "permission is missing",
  EROFS: "the disk is read-only",
};

/** A file that the system refuses, met where nobody expected it: not a defect, so without a stack. Others pass unchanged. */
function systemError(error: unknown): unknown {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return error;
  const { path, code } = error as Error & { path?: unknown; code: unknown };
  const what = typeof path === "string" ? path : "standard input or output";
  return new SteepestError("file", `${what} can't be used: ${SYSTEM[String(code)] ?? String(code)}`, {
    help: "check the path and the disk, then try again",
    exitCode: 1,
    cause: error,
  });
}

/**
 * One line (two with a remedy) for a terminal. Unknown errors keep their message and say they are ours to fix. What of
 * files and arguments stands in it can't control the terminal.
 */
export function formatError(thrown: unknown): string {
  return plainLines(messageOf(systemError(thrown)));
}

function messageOf(error: unknown): string {
  if (error instanceof SteepestError) {
    const help = error.help ? `\nhelp: ${error.help}` : "";
    return `error[${error.id}]: ${error.message}${help}`;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error[internal]: ${message}\nhelp: this is a defect of steepest; please report it with the command you ran`;
}

/** The candidate closest to `word` by edit distance, or undefined when none is close enough to be a typo. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length * 0.4)) + 0.5;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Edit distance where swapping two neighbours is one edit (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(substitute, row[j]! + 1, next[j - 1]! + 1, swap));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
