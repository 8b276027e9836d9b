/** The objects and lists of a JSON document that stand open, and where in the document they are. */
import type { JsonHandler } from "./json-stream.ts";

/** An object or a list, with what a reader keeps of it. */
export interface Frame {
  readonly kind: "object" | "array";
  /** Keys that lead here. */
  readonly path: string;
  /** Inside an element of an array: its numbers belong to a row. */
  readonly inRow: boolean;
  /** Of an object: the key that was read last. */
  key: string;
  /** Of a list: elements read so far. */
  index: number;
  readonly names: string[];
  readonly values: number[];
  readonly texts: [string, string][];
}

/** What is done with the parts of a document; `parent` is absent for the outermost. */
export interface FrameReader {
  /** `key` is "" in a list. */
  readonly begin: (frame: Frame, key: string) => void;
  readonly end: (frame: Frame, parent: Frame | undefined) => void;
  readonly number: (value: number, frame: Frame, parent: Frame | undefined) => void;
  readonly text: (value: string, frame: Frame) => void;
  readonly nothing: (frame: Frame) => void;
}

/** Tells the reader of each part in which frame it stands. */
export function createJsonFrames(reader: FrameReader): JsonHandler {
  const stack: Frame[] = [];
  const top = (): Frame | undefined => stack[stack.length - 1];
  return {
    open(kind) {
      const parent = top();
      const key = parent?.kind === "object" ? parent.key : "";
      const path =
        parent === undefined ? "" : parent.path && key ? `${parent.path}/${key}` : parent.path || key;
      const inRow = parent !== undefined && (parent.inRow || (kind === "object" && parent.kind === "array"));
      const frame = { kind, path, inRow, key: "", index: 0, names: [], values: [], texts: [] };
      stack.push(frame);
      reader.begin(frame, key);
    },
    close() {
      const frame = stack.pop();
      if (frame === undefined) return;
      const parent = top();
      reader.end(frame, parent);
      if (parent) count(parent);
    },
    key(name) {
      const frame = top();
      if (frame) frame.key = name;
    },
    number(value) {
      const frame = top();
      if (frame === undefined) return;
      reader.number(value, frame, stack[stack.length - 2]);
      count(frame);
    },
    text(value) {
      const frame = top();
      if (frame === undefined) return;
      reader.text(value, frame);
      count(frame);
    },
    nothing() {
      const frame = top();
      if (frame === undefined) return;
      reader.nothing(frame);
      count(frame);
    },
  };
}

/** A list has an element more. */
function count(frame: Frame): void {
  if (frame.kind === "array") frame.index++;
}
