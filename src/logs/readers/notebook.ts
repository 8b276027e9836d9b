/** Jupyter notebooks: what their cells printed, in order, read as console output; tables drawn in HTML become lines. */

import { SteepestError } from "../../run/errors.ts";
import { isRecord } from "../../run/record.ts";
import { createUtf8Stream } from "../encoding.ts";
import type { Format, FormatReader, ReadOptions } from "../types.ts";
import { text } from "./text.ts";

/** A notebook is one JSON document, so it is held until it is whole. */
const MAX_BYTES = 256 << 20;

function createNotebook(options: ReadOptions): FormatReader {
  const utf8 = createUtf8Stream();
  const pieces: Uint8Array[] = [];
  let size = 0;
  const hold = (bytes: Uint8Array): void => {
    size += bytes.length;
    if (size > MAX_BYTES) {
      throw new SteepestError("notebook-too-large", "this notebook is larger than 256 MB", {
        where: options.source,
        help: "save the output of its training cell as a text file and give that",
      });
    }
    pieces.push(bytes.slice());
  };
  return {
    push: (bytes) => hold(utf8.push(bytes)),
    logs(final) {
      if (final) hold(utf8.end());
      const printed = outputsOf(pieces, final, options.source);
      if (printed === null) return [];
      const bytes = new TextEncoder().encode(printed);
      const lines = printed.split("\n").filter((line) => line.trim() !== "");
      const reader = text.make(options, { bytes, text: printed.slice(0, 1 << 16), lines, complete: true });
      reader.push(bytes);
      return reader.logs(final).map((log) => ({ ...log, format: "notebook" }));
    },
  };
}

/** Everything that the cells printed; null while the document is not whole. */
function outputsOf(pieces: readonly Uint8Array[], final: boolean, source: string): string | null {
  const decoder = new TextDecoder();
  const json = pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (!final) return null;
    throw new SteepestError("bad-notebook", "this notebook is cut off or no JSON", {
      where: source,
      help: "save it again, or give the output of its training cell as a text file",
    });
  }
  const cells = isRecord(document) && Array.isArray(document["cells"]) ? document["cells"] : [];
  return cells
    .flatMap((cell) => (isRecord(cell) && Array.isArray(cell["outputs"]) ? cell["outputs"] : []))
    .map((output) => (isRecord(output) ? printedBy(output) : ""))
    .join("\n");
}

function printedBy(output: { [key: string]: unknown }): string {
  if (output["output_type"] === "stream") return joined(output["text"]);
  const data = output["data"];
  if (!isRecord(data)) return "";
  const html = joined(data["text/html"]);
  return /<t[dh][\s>]/i.test(html) ? linesOfTable(html) : joined(data["text/plain"]);
}

/** nbformat keeps texts whole or as a list of lines. */
function joined(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.filter((part) => typeof part === "string").join("") : "";
}

/** `<tr><td>1</td><td>0.5</td></tr>` → "1\t0.5". */
function linesOfTable(html: string): string {
  const rows = html.match(/<tr[\s>][\s\S]*?<\/tr>/gi) ?? [];
  const cells = (row: string): string[] =>
    [...row.matchAll(/<t[dh][^>]*>([\s\S]*?)<\/t[dh]>/gi)].map((cell) =>
      cell[1]!.replace(/<[^>]*>/g, "").trim(),
    );
  return rows.map((row) => cells(row).join("\t")).join("\n");
}

export const notebook: Format = {
  name: "notebook",
  about: "cells of a Jupyter notebook, whose output holds a log",
  detect: ({ text: head }) =>
    /^\s*\{/.test(head) && /"cell_type"\s*:|"nbformat"\s*:/.test(head) && /"cells"\s*:/.test(head),
  make: createNotebook,
};
