/** The terminal as commands see it: results on standard output, everything else on standard error. */
import { createColors } from "picocolors";
import { plainJson, plainLines } from "../run/plain.ts";

export interface Terminal {
  /** Prints a line of the result. */
  readonly print: (text: string) => void;
  /** Prints a line of notes or progress to standard error. */
  readonly note: (text: string) => void;
  readonly colors: Colors;
  /** Standard error is a terminal that can redraw a line. */
  readonly interactive: boolean;
}

/** Stands for the escape character in our own colours until they are written; no file or argument can know it. */
const OWN = `\u{fdd0}${Math.random().toString(36)}:`;

/** `text` with our own colours and nothing else that a terminal would act on. */
const shown = (text: string): string => plainLines(text).replaceAll(OWN, "\u001b");

type Colors = ReturnType<typeof createColors>;

/** picocolors, with the escape character of what it adds replaced by `OWN`. */
function markedColors(enabled: boolean): Colors {
  const colors = createColors(enabled);
  const mark = (paint: Colors["red"]): Colors["red"] => {
    const painted = (text: string): string => paint(text).replaceAll("\u001b", OWN);
    return (text) => painted(plainLines(String(text ?? "")).replaceAll(OWN, "\u001b"));
  };
  const marked = Object.entries(colors).map(([name, value]) => [
    name,
    typeof value === "function" ? mark(value) : value,
  ]);
  return Object.fromEntries(marked) as Colors;
}

/**
 * Colour only where both streams are terminals, NO_COLOR is not set and --no-color was not given. Control characters and
 * direction marks of files and arguments are written as blanks; in a JSON document (`json`) they are spelled.
 */
export function createTerminal({ color, json = false }: { color: boolean; json?: boolean }): Terminal {
  const noColor = (process.env["NO_COLOR"] ?? "") !== "";
  const dumb = process.env["TERM"] === "dumb";
  return {
    print: (text) => {
      process.stdout.write(`${json ? plainJson(text) : shown(text)}\n`);
    },
    note: (text) => {
      process.stderr.write(`${shown(text)}\n`);
    },
    colors: markedColors(color && !noColor && !dumb && process.stdout.isTTY === true),
    interactive: process.stderr.isTTY === true && !dumb,
  };
}

/** 0.8 s, 12 s, 3 min 20 s, 2 h 5 min */
export function showSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h} h ${min} min` : `${min} min ${s} s`;
}

/** Rows with columns aligned by two spaces. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** How wide and in which characters this terminal is written. */
export function look(
  { colors }: Terminal,
  { ascii = false }: { readonly ascii?: boolean } = {},
): { colors: Terminal["colors"]; width: number; ascii: boolean } {
  const width = process.stdout.columns || Number(process.env["COLUMNS"]) || 80;
  return { colors, width, ascii: ascii || process.env["TERM"] === "dumb" };
}
