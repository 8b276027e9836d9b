/** Lines to fields where cells may be quoted, and go on in the next line. */

/** A quoted cell of more lines is a stray quote. */
const MAX_LINES_OF_A_CELL = 200;

export interface QuotedLines {
  /** A cell is open, and the next line belongs to it. */
  readonly isOpen: boolean;
  /** A quote never closed: quotes are text from there on. */
  readonly quotesAreText: boolean;
  readonly push: (line: string) => void;
  /** An empty line, which is a row for nobody but belongs to an open cell. */
  readonly pushEmpty: () => void;
  /** No more lines come. */
  readonly end: () => void;
}

/** `onFields` gets the cells of each row as soon as it is whole. */
export function createQuotedLines(
  delimiter: string,
  onFields: (fields: readonly string[]) => void,
): QuotedLines {
  let pending: string[] = [];
  let quotesAreText = false;

  const readLiteral = (line: string): void => onFields(line.split(delimiter));
  /** The lines of a cell whose quote does not close are rows after all, and so are those below. */
  const giveUpQuotes = (): void => {
    const lines = pending;
    pending = [];
    quotesAreText = true;
    lines.forEach(readLiteral);
  };
  return {
    get isOpen() {
      return pending.length > 0;
    },
    get quotesAreText() {
      return quotesAreText;
    },
    push: (line) => {
      if (quotesAreText) {
        readLiteral(line);
        return;
      }
      if (leavesQuoteOpen(line, delimiter, pending.length > 0)) {
        pending.push(line);
        if (pending.length > MAX_LINES_OF_A_CELL) giveUpQuotes();
        return;
      }
      const whole = pending.length === 0 ? line : [...pending, line].join("\n");
      pending = [];
      onFields(cellsOf(whole, delimiter));
    },
    pushEmpty: () => {
      if (pending.length > 0) pending.push("");
    },
    end: () => {
      if (pending.length > 0) giveUpQuotes();
    },
  };
}

/**
 * The cells of one row, whose quoted ones may hold delimiters and line ends (RFC 4180). A quote that nothing closes, or that
 * no delimiter follows, is text. Papa Parse gives the same; it takes longer to load than a short log to read.
 */
export function cellsOf(row: string, delimiter: string): string[] {
  if (row === "") return [];
  const cells: string[] = [];
  for (let start = 0; ; ) {
    const quoted = row[start] === '"';
    const close = quoted ? closingQuote(row, start + 1, delimiter) : start;
    if (close < 0) return [...cells, row.slice(start + 1)];
    const end = endOfCell(row, close, delimiter);
    cells.push(quoted ? row.slice(start + 1, close).replaceAll('""', '"') : row.slice(start, end));
    if (end === row.length || row[end] === "\n") return cells;
    start = end + delimiter.length;
  }
}

/** Where the first delimiter, line end or the end of the row stands, at or after `from`. */
const endOfCell = (row: string, from: number, delimiter: string): number =>
  Math.min(...[delimiter, "\n"].map((end) => row.indexOf(end, from)).filter((at) => at >= 0), row.length);

/** The quote that ends the cell that begins at `from`: only blanks lie between it and a delimiter; −1: there is none. */
function closingQuote(row: string, from: number, delimiter: string): number {
  for (let at = row.indexOf('"', from); at >= 0; at = row.indexOf('"', at + 1)) {
    if (at === row.length - 1) return at;
    if (row[at + 1] === '"') {
      at++;
      continue;
    }
    const end = endOfCell(row, at + 1, delimiter);
    if (end < row.length && row.slice(at + 1, end).trim() === "") return at;
  }
  return -1;
}

/**
 * Does a quoted cell go on after this line? A quote opens at the start of a cell only: the inch in `5" disk` is text.
 * `open`: the line begins inside such a cell.
 */
function leavesQuoteOpen(line: string, delimiter: string, open: boolean): boolean {
  let quoted = open;
  let atStart = !open;
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quoted) {
      if (c !== '"') continue;
      if (line[i + 1] === '"')
        i++; // an escaped quote
      else quoted = false;
    } else if (c === '"' && atStart) quoted = true;
    atStart = !quoted && (c === delimiter || (atStart && c === " "));
  }
  return quoted;
}
