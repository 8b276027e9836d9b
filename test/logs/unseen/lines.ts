/** Layouts of a record in one line or a few. */
import type { Field } from "./counters.ts";
import type { Element } from "./told.ts";

export interface Layout extends Element {
  readonly kind: "line" | "table" | "bar" | "data";
  /** Puts commas between fields. */
  readonly commas?: true;
  /** Needs a counter in the record. */
  readonly counted?: true;
  /** Lines above the first record; `rows` is what a record looks like. */
  readonly head?: (record: readonly Field[]) => readonly string[];
  readonly foot?: (record: readonly Field[]) => readonly string[];
  readonly write: (record: readonly Field[], i: number) => readonly string[];
}

type Join = (name: string, text: string) => string;
const pairs = (record: readonly Field[], join: Join, between: string): string =>
  record.map((f) => (f.name === "" ? f.text : join(f.name, f.text))).join(between);
const counters = (record: readonly Field[]): readonly Field[] => record.filter((f) => f.key === "counter");
const rest = (record: readonly Field[]): readonly Field[] => record.filter((f) => f.key !== "counter");
const key = (name: string): string =>
  name.replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_|_$/g, "") || "progress";
const colon: Join = (n, t) => `${n}: ${t}`;
const equals: Join = (n, t) => `${n}=${t.trim()}`;
const spaced: Join = (n, t) => `${n} ${t}`;
const isNumber = (text: string): boolean => /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text);
const json = (text: string): string =>
  isNumber(text) && !/^0\d/.test(text) ? text : /^nan$/i.test(text) ? "NaN" : `"${text}"`;

export const LINES: readonly Layout[] = [
  { id: "colon-comma", half: 0, kind: "line", commas: true, write: (r) => [pairs(r, colon, ", ")] },
  { id: "space-pairs", half: 0, kind: "line", write: (r) => [pairs(r, spaced, " ")] },
  { id: "equals", half: 0, kind: "line", write: (r) => [pairs(r, equals, " ")] },
  { id: "pipes", half: 0, kind: "line", write: (r) => [pairs(r, spaced, " | ")] },
  {
    id: "bracket-head",
    half: 0,
    kind: "line",
    write: (r) => [
      `${counters(r)
        .map((f) => `[${spaced(f.name, f.text)}]`)
        .join("")} ${pairs(rest(r), colon, "  ")}`.trim(),
    ],
  },
  { id: "dashes", half: 0, kind: "line", write: (r) => [pairs(r, colon, " - ")] },
  {
    id: "block",
    half: 0,
    kind: "line",
    counted: true,
    write: (r) => [
      `----- ${pairs(counters(r), spaced, ", ")} -----`,
      ...rest(r).map((f) => `  ${f.name.padEnd(18)}: ${f.text}`),
    ],
  },
  {
    id: "sentence",
    half: 0,
    kind: "line",
    counted: true,
    write: (r) => [
      `At ${pairs(counters(r), spaced, ", ")} the ${rest(r)
        .map((f) => `${f.name} is ${f.text}`)
        .join(" and the ")}.`,
    ],
  },
  {
    id: "counter-line",
    half: 0,
    kind: "line",
    counted: true,
    write: (r) => [`${pairs(counters(r), spaced, " ")}:`, `    ${pairs(rest(r), equals, "  ")}`],
  },
  {
    id: "json-lines",
    half: 0,
    kind: "data",
    write: (r) => [`{${r.map((f) => `"${key(f.name)}": ${json(f.text)}`).join(", ")}}`],
  },
  { id: "semicolons", half: 1, kind: "line", write: (r) => [`${pairs(r, (n, t) => `${n} = ${t}`, "; ")};`] },
  {
    id: "arrow",
    half: 1,
    kind: "line",
    counted: true,
    write: (r) => [`${pairs(counters(r), spaced, " ")} -> ${pairs(rest(r), spaced, " / ")}`],
  },
  {
    id: "reversed",
    half: 1,
    kind: "line",
    counted: true,
    write: (r) => [`${pairs(rest(r), spaced, ", ")} (${pairs(counters(r), spaced, ", ")})`],
    commas: true,
  },
  {
    id: "value-first",
    half: 1,
    kind: "line",
    commas: true,
    write: (r) => [pairs(r, (n, t) => `${t} ${n}`, ", ")],
  },
  {
    id: "python-dict",
    half: 1,
    kind: "data",
    write: (r) => [`{${r.map((f) => `'${key(f.name)}': ${json(f.text).replaceAll('"', "'")}`).join(", ")}}`],
  },
  {
    id: "logfmt",
    half: 1,
    kind: "data",
    write: (r) => [
      `level=info msg="training progress" ${r.map((f) => `${key(f.name)}=${json(f.text)}`).join(" ")}`,
    ],
  },
  {
    id: "xml",
    half: 1,
    kind: "data",
    write: (r) => [`<record ${r.map((f) => `${key(f.name)}="${f.text}"`).join(" ")} />`],
  },
  {
    id: "yaml",
    half: 1,
    kind: "line",
    write: (r) => r.map((f, i) => `${i === 0 ? "- " : "  "}${key(f.name)}: ${f.text}`),
  },
  {
    id: "after-sentence",
    half: 1,
    kind: "line",
    counted: true,
    write: (r) => [
      `${rest(r)
        .map((f) => `${f.name} of ${f.text}`)
        .join(", ")} after ${pairs(counters(r), spaced, ", ")}`,
    ],
    commas: true,
  },
  { id: "angle-brackets", half: 1, kind: "line", write: (r) => [pairs(r, (n, t) => `<${n}> ${t}`, " ")] },
  { id: "one-a-line", half: 1, kind: "line", write: (r) => r.map((f) => `${f.name}: ${f.text}`) },
  { id: "tagged", half: 1, kind: "line", write: (r) => [pairs(r, (n, t) => `[${n}: ${t}]`, " ")] },
  {
    id: "tildes",
    half: 1,
    kind: "line",
    counted: true,
    write: (r) => [
      `~~ ${pairs(counters(r), spaced, " ")} ~~ ${pairs(rest(r), (n, t) => `${n}:${t.trim()}`, " ")}`,
    ],
  },
];
