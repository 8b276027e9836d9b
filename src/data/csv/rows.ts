/** The rows of a CSV file, piece by piece: papaparse splits cells, this keeps the unfinished end for the next piece. */
import type Papa from "papaparse";
import { SteepestError } from "../../run/errors.ts";
import { withBytes } from "../bytes.ts";
import type { DataHost } from "../host.ts";
import { decode } from "../text.ts";
import { hasComma, isNumber } from "./cells.ts";

/** Characters of one row: a quote that never closes must not gather the whole file. */
const LONGEST_ROW = 1 << 24;

/** Receives consecutive rows of cells; `first` is the number in the file, from 1, of the first of them. */
export type RowSink = (rows: readonly string[][], first: number) => void | Promise<void>;

/** papaparse's, or one of its kind. */
type Parser = Pick<Papa.Parser, "parse">;

interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly code: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

export interface CsvReading {
  /** Between cells; a space stands for any white space. Default: guessed from the first two lines. */
  readonly delimiter?: string | undefined;
  /** Of the text. Default: UTF-8, or UTF-16 where the file begins with its mark. */
  readonly encoding?: string | undefined;
}

/**
 * Streams a file's rows into `sink`. Blank lines are passed on as rows of one empty cell, so that numbers stay true.
 * Throws `csv-quotes`, `data-encoding`.
 */
export async function readCsvRows(
  host: DataHost,
  path: string,
  { delimiter, encoding }: CsvReading,
  sink: RowSink,
): Promise<void> {
  const { default: csv } = await import("papaparse");
  return withBytes(host, path, async (reader) => {
    const head = await reader.read(2);
    const decoder = decoderOf(encoding ?? encodingByMark(head), path);
    let pending = decode(decoder, head, path, HELP);
    let parser: Parser | null = null;
    let first = 1;
    for (let ended = false; !ended; ) {
      const chunk = await reader.chunk();
      ended = chunk === null;
      pending += decode(decoder, chunk, path, HELP);
      if (pending.length > LONGEST_ROW) throw tooLong(first, path);
      if (!parser && !ended && !TWO_LINES.test(pending)) continue;
      parser ??= parserOf(csv, pending, delimiter ?? guessDelimiter(pending));
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

/** They tell delimiter and line end: all of them and the character after. */
const TWO_LINES = /^\s*\S[^\r\n]*(?:\r\n?|\n)\s*\S[^\r\n]*[\r\n][\s\S]/;

/**
 * The candidate that the first line holds most of, quoted cells aside; a comma within numbers is none. Where it holds none:
 * white space, if the first two lines have as many words, more than one; else a comma.
 */
function guessDelimiter(text: string): string {
  const lines = text
    .replace(/"[^"]*"/g, '""')
    .trimStart()
    .split(/[\r\n]+/, 2);
  const decimals = lines[0]!.split(/[;\t|]/).every((cell) => hasComma(cell) || isNumber(cell, "."));
  const count = (d: string): number => (d === "," && decimals ? 0 : lines[0]!.split(d).length - 1);
  const best = [",", ";", "\t", "|"].reduce((a, b) => (count(b) > count(a) ? b : a));
  if (count(best) > 0) return best;
  const [words, next] = lines.map((line) => line.trim().split(/\s+/).length);
  return words! > 1 && words === next ? " " : ",";
}

const parserOf = (csv: typeof Papa, text: string, delimiter: string): Parser =>
  delimiter === " " ? whiteSpaceParser : new csv.Parser({ delimiter, newline: guessNewline(text) });

/** Cells between any white space, or in quotes. */
const whiteSpaceParser: Parser = {
  parse: (text: string, _from: number, toBeContinued: boolean): Parsed => {
    const lines = text.split(toBeContinued ? /\r\n|\n|\r(?!$)/ : /\r\n|\n|\r/);
    const rest = toBeContinued ? lines.pop()! : "";
    const cells = (line: string): string[] => line.match(/"(?:[^"]|"")*"|\S+/g) ?? [""];
    return {
      data: lines.map((line) =>
        cells(line).map((cell) => (/^".*"$/.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
      ),
      errors: [],
      meta: { cursor: text.length - rest.length },
    };
  },
};

const HELP =
  'say which encoding it has, e.g. "encoding": "windows-1252" in data, or --encoding; or save it as UTF-8';

const encodingByMark = ([a, b]: Uint8Array): string =>
  a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : "utf-8";

function decoderOf(encoding: string, where: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new SteepestError("data-encoding", `no text encoding is called "${encoding}"`, {
      where,
      help: "common ones are utf-8, windows-1252, gb18030, shift_jis",
      cause,
    });
  }
}
