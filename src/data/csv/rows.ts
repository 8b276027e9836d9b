/** The rows of a CSV file, piece by piece: papaparse splits cells, this keeps the unfinished end for the next piece. */
import type Papa from "papaparse";
import { SteepestError } from "../../run/errors.ts";
import { withBytes } from "../bytes.ts";
import type { DataHost } from "../host.ts";
import { decode } from "../text.ts";

/** Characters of one row: a quote that never closes must not gather the whole file. */
const LONGEST_ROW = 1 << 24;

/** Receives consecutive rows of cells; `first` is the number in the file, from 1, of the first of them. */
export type RowSink = (rows: readonly string[][], first: number) => void | Promise<void>;

interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly code: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

/** Streams a file's rows into `sink`. Blank lines are passed on as rows of one empty cell, so that numbers stay true. */
export async function readCsvRows(
  host: DataHost,
  path: string,
  { delimiter }: { delimiter?: string | undefined },
  sink: RowSink,
): Promise<void> {
  const { default: csv } = await import("papaparse");
  return withBytes(host, path, async (reader) => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let pending = "";
    let parser: Papa.Parser | null = null;
    let first = 1;
    for (let ended = false; !ended; ) {
      const chunk = await reader.chunk();
      ended = chunk === null;
      pending += decode(decoder, chunk, path);
      // The first line tells delimiter and line end; wait for all of it and the character after.
      if (pending.length > LONGEST_ROW) throw tooLong(first, path);
      if (!parser && !ended && !/[\r\n][\s\S]/.test(pending)) continue;
      parser ??= new csv.Parser({
        delimiter: delimiter ?? guessDelimiter(pending),
        newline: guessNewline(pending),
      });
      const { data, errors, meta } = parser.parse(pending, 0, !ended) as Parsed;
      const flaw = ended ? errors[0] : errors.find((e) => e.code !== "MissingQuotes");
      if (flaw) {
        throw new SteepestError(
          "csv-quotes",
          `row ${first + (flaw.row ?? 0)} has a quote that does not match`,
          {
            where: path,
            help: 'close every quoted cell, and write a quote inside one as ""',
          },
        );
      }
      pending = pending.slice(meta.cursor);
      if (ended && data.at(-1)?.join("") === "") data.pop();
      await sink(data, first);
      first += data.length;
    }
  });
}

const tooLong = (row: number, where: string): SteepestError =>
  new SteepestError("csv-quotes", `row ${row} has more than ${LONGEST_ROW} characters`, {
    where,
    help: "look for a quoted cell that is not closed, or for rows without line ends",
  });

function guessNewline(text: string): "\n" | "\r\n" | "\r" {
  return (/\r\n|\n|\r/.exec(text)?.[0] ?? "\n") as "\n" | "\r\n" | "\r";
}

/** The candidate that the first line holds most of, quoted cells aside; a comma when it holds none. */
function guessDelimiter(text: string): string {
  const line = text.replace(/"[^"]*"/g, "").split(/[\r\n]/, 1)[0]!;
  const count = (d: string): number => line.split(d).length - 1;
  return [",", ";", "\t", "|"].reduce((best, d) => (count(d) > count(best) ? d : best));
}
