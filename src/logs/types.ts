import type { LogFormat, RunLog } from "../run/log.ts";
import type { Row } from "../run/table.ts";

/** How a log is to be read, where it should not be guessed. */
export interface ReadOptions {
  /** Path as given, "-" for standard input: it names the log in results and errors. */
  readonly source: string;
  /** Name of the series to take as the training loss, when the usual names don't find it. */
  readonly loss?: string | undefined;
  readonly lr?: string | undefined;
  /** Column (or key) that counts steps. */
  readonly step?: string | undefined;
  /** Points kept per series; beyond that a series is thinned, keeping its extremes and non-finite values. */
  readonly maxPoints?: number | undefined;
}

/** A log being read: fed in pieces, asked at any time. */
export interface LogReader {
  push(bytes: Uint8Array): void;
  /**
   * The bytes that follow are the next file of the same run. `name` says what it holds: an MLflow metric's name,
   * or the directory ("validation") of event files whose tags are the same as the training ones.
   */
  nextPart(name?: string): void;
  /** What the complete lines or records so far say; [] while the format is not clear yet. */
  snapshot(): RunLog[];
  /** No more bytes come: the final logs, or a SteepestError when there is nothing to read. */
  end(): RunLog[];
}

/** What a format's reader does with bytes; `createReader` adds detection and errors around it. */
export interface FormatReader {
  push(bytes: Uint8Array): void;
  nextPart?(name: string): void;
  /** `final`: no more bytes come, so an unfinished last line or record is to be judged now. */
  logs(final: boolean): RunLog[];
}

/** The beginning of a log, for telling formats apart. */
export interface Head {
  readonly bytes: Uint8Array;
  /** The same, decoded. */
  readonly text: string;
  /** Lines with something on them; the last may be cut unless `complete`. */
  readonly lines: readonly string[];
  /** Nothing follows the head. */
  readonly complete: boolean;
}

/** A format of logs: how it is told from others, and its reader. */
export interface Format extends Row {
  readonly name: LogFormat;
  readonly detect: (head: Head) => boolean;
  readonly make: (options: ReadOptions, head: Head) => FormatReader;
}

/** Points kept per series unless asked otherwise: 3 MB a series. */
export const DEFAULT_POINTS = 200_000;
