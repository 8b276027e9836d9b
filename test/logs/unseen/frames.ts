/** What stands around the records: prefixes of lines, ends of lines, how a paste arrives. */
import type { Element } from "./told.ts";

/** Writes the prefix of line `n` at second `t` of the run. */
export interface Prefix extends Element {
  readonly text: (t: number, n: number) => string;
}

const two = (n: number): string => `${Math.floor(n) % 60}`.padStart(2, "0");
const clock = (t: number): string =>
  `${`${(9 + Math.floor(t / 3600)) % 24}`.padStart(2, "0")}:${two(t / 60)}:${two(t)}`;
const millis = (n: number): string => `${(n * 137) % 1000}`.padStart(3, "0");
const DAY = "2025-03-11";

export const PREFIXES: readonly Prefix[] = [
  { id: "bare", half: 0, text: () => "" },
  { id: "python", half: 0, text: (t, n) => `${DAY} ${clock(t)},${millis(n)} - train - INFO - ` },
  { id: "bracket-clock", half: 0, text: (t) => `[${clock(t)}] ` },
  { id: "glog", half: 0, text: (t, n) => `I0311 ${clock(t)}.${millis(n)}211 17442 solver.cpp:237] ` },
  {
    id: "loguru",
    half: 0,
    text: (t, n) => `${DAY} ${clock(t)}.${millis(n)} | INFO     | __main__:train:118 - `,
  },
  {
    id: "log4j",
    half: 0,
    text: (t, n) => `${DAY} ${clock(t)},${millis(n)} [main] INFO  o.d.o.l.ScoreListener - `,
  },
  { id: "level", half: 0, text: () => "INFO:train:" },
  { id: "bare-too", half: 1, text: () => "" },
  { id: "syslog", half: 1, text: (t) => `Mar 11 ${clock(t)} node07 train[20311]: ` },
  { id: "compose", half: 1, text: () => "trainer_1   | " },
  { id: "go", half: 1, text: (t) => `2025/03/11 ${clock(t)} main.go:88: ` },
  { id: "rust", half: 1, text: (t, n) => `${DAY}T${clock(t)}.${millis(n)}512Z  INFO trainer::fit: ` },
  { id: "uptime", half: 1, text: (t, n) => `[${`${t}.${millis(n)}`.padStart(12)}] ` },
  { id: "actions", half: 1, text: (t, n) => `${DAY}T${clock(t)}.${millis(n)}4711Z ` },
  { id: "emoji", half: 1, text: () => "🚀 " },
  { id: "prompt", half: 1, text: () => ">> " },
  { id: "r-print", half: 1, text: () => "[1] " },
  { id: "spdlog", half: 1, text: (t, n) => `[${DAY} ${clock(t)}.${millis(n)}] [trainer] [info] ` },
  { id: "elapsed", half: 1, text: (t) => `${clock(t)} elapsed | ` },
];

/** What a whole log goes through before somebody sends it. */
export interface Paste extends Element {
  readonly change: (lines: readonly string[]) => string;
  /** Would spoil a document that programs read. */
  readonly spoils?: true;
}

export const PASTES: readonly Paste[] = [
  { id: "as-is", half: 0, change: (l) => `${l.join("\n")}\n` },
  { id: "as-is-again", half: 0, change: (l) => `${l.join("\n")}\n` },
  { id: "crlf", half: 0, change: (l) => `${l.join("\r\n")}\r\n` },
  {
    id: "fenced",
    half: 0,
    spoils: true,
    change: (l) => `My run looks like this:\n\n\`\`\`\n${l.join("\n")}\n\`\`\`\n`,
  },
  {
    id: "colour",
    half: 0,
    spoils: true,
    change: (l) => `${l.map((x) => `\u001b[32m${x}\u001b[0m`).join("\n")}\n`,
  },
  { id: "no-final-newline", half: 1, change: (l) => l.join("\n") },
  { id: "unchanged", half: 1, change: (l) => `${l.join("\n")}\n` },
  { id: "quoted", half: 1, spoils: true, change: (l) => `${l.map((x) => `> ${x}`).join("\n")}\n` },
  { id: "indented", half: 1, change: (l) => `${l.map((x) => `    ${x}`).join("\n")}\n` },
  { id: "bom", half: 1, change: (l) => `\ufeff${l.join("\n")}\n` },
  { id: "double-spaced", half: 1, spoils: true, change: (l) => `${l.join("\n\n")}\n` },
  {
    id: "coloured-numbers",
    half: 1,
    spoils: true,
    change: (l) => `${l.map((x) => x.replace(/(\d\.\d{3,})/g, "\u001b[1;33m$1\u001b[0m")).join("\n")}\n`,
  },
];
