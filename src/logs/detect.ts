/** Which format a log is in, by its content: the table is asked in order, the most certain first. */
import { SteepestError } from "../run/errors.ts";
import { createUtf8Stream } from "./encoding.ts";
import { csv } from "./readers/csv.ts";
import { jsonDocument } from "./readers/json-document.ts";
import { jsonl } from "./readers/jsonl.ts";
import { mlflow } from "./readers/mlflow.ts";
import { notebook } from "./readers/notebook.ts";
import { text } from "./readers/text.ts";
import { tfevents } from "./readers/tfevents.ts";
import { wandb } from "./readers/wandb.ts";
import type { Format, Head } from "./types.ts";

export const formats: readonly Format[] = [tfevents, wandb, jsonl, notebook, jsonDocument, mlflow, csv, text];

/** How much of a log is looked at before its format is decided. */
const HEAD_BYTES = 1 << 16;
/** A table of thousands of columns has a header longer than that: it is looked at with the row below it, up to here. */
const MAX_HEAD_BYTES = 2 << 20;

/** Whether so much of a log's beginning decides its format. */
export const isEnough = (bytes: Uint8Array): boolean =>
  bytes.length >= HEAD_BYTES && (bytes.length >= MAX_HEAD_BYTES || headLength(bytes) <= bytes.length);

/** `HEAD_BYTES`, or to the end of the second line of a table that is wider; infinite where that is not there yet. */
function headLength(bytes: Uint8Array): number {
  const first = bytes.indexOf(0x0a);
  if (first >= 0 && first < HEAD_BYTES / 2) return HEAD_BYTES;
  // what holds a zero byte or opens a bracket is decided by less
  const head = bytes.subarray(0, HEAD_BYTES);
  if (head.includes(0) || head[0] === 0x7b || head[0] === 0x5b) return HEAD_BYTES;
  const second = first < 0 ? -1 : bytes.indexOf(0x0a, first + 1);
  return second < 0 ? Number.POSITIVE_INFINITY : Math.max(HEAD_BYTES, second + 1);
}

export function makeHead(bytes: Uint8Array, complete: boolean): Head {
  const utf8 = createUtf8Stream();
  const length = Math.min(headLength(bytes), MAX_HEAD_BYTES);
  const decoded = new TextDecoder().decode(utf8.push(bytes.subarray(0, length)));
  const lines = decoded.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  return { bytes, text: decoded, lines, complete };
}

export function detectFormat(head: Head, source: string): Format {
  refuse(head, source);
  return formats.find((format) => format.detect(head)) ?? text;
}

/** Files that are no log, named as what they are. */
function refuse({ bytes, text: decoded, complete }: Head, source: string): void {
  if (complete && decoded.trim() === "") {
    throw new SteepestError(
      "empty-log",
      bytes.length === 0 ? "the file is empty" : "the file holds only blanks",
      {
        where: source,
        help: "give a log with at least one logged step",
      },
    );
  }
  if (decoded.startsWith("version https://git-lfs")) {
    throw new SteepestError("git-lfs-pointer", "this is a Git LFS pointer, not the log itself", {
      where: source,
      help: "fetch the file with `git lfs pull`",
    });
  }
  const own = /^\s*\{\s*"schema"\s*:\s*"steepest\.([\w-]+)\//.exec(decoded)?.[1];
  if (own !== undefined && own !== "metrics" && own !== "probe") {
    throw new SteepestError("not-a-log", `this is the JSON of a steepest ${own}, not a training log`, {
      where: source,
      help: "give a run folder or its metrics.jsonl",
    });
  }
  const kind = MAGIC.find(([magic]) => startsWith(bytes, magic));
  if (kind) {
    throw new SteepestError("not-a-log", `this is ${kind[1]}, not a training log`, {
      where: source,
      help: kind[2],
    });
  }
}

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, i) => bytes[i] === byte);

/** A file that SQLite reads, told by its first 16 bytes. */
export const isDatabase = (first: Uint8Array): boolean => startsWith(first, SQLITE);

const UNPACK = "unpack it and give the log inside";
/** "SQLite format 3", and a zero byte. */
const SQLITE = [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66, 0x6f, 0x72, 0x6d, 0x61, 0x74, 0x20, 0x33, 0];
const MAGIC: readonly [readonly number[], string, string][] = [
  [[0x50, 0x4b, 0x03, 0x04], "a ZIP archive (a PyTorch checkpoint is one, too)", UNPACK],
  [[0x28, 0xb5, 0x2f, 0xfd], "a Zstandard archive", UNPACK],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], "an XZ archive", UNPACK],
  [[0x42, 0x5a, 0x68], "a bzip2 archive", UNPACK],
  [[0x89, 0x50, 0x4e, 0x47], "a PNG image", "give the numbers the picture was drawn from"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF document", "give the numbers it was made from"],
  [[0x89, 0x48, 0x44, 0x46], "an HDF5 file", "give the CSV or event log beside it"],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], "a NumPy array", "save it as CSV with named columns"],
  [SQLITE, "an SQLite database", "give its path; it can't be read from standard input or watched"],
];
