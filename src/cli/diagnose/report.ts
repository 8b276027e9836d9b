/** The diagnosis as a person reads it in a terminal. */

import {
  baselineLines,
  countWords,
  doseWords,
  evidenceWords,
  explanation,
  type Group,
  groupFindings,
  headlineOf,
  type Judged,
  nameOf,
  percentWords,
  placeWords,
  SEVERITIES,
  stepsWords,
  VERDICTS,
  verdictCell,
} from "../../diagnose/words.ts";
import { type Mark, sketchLines } from "../../plot/sketch.ts";
import { spark } from "../../plot/sketch-axis.ts";
import { seriesOf } from "../../run/log.ts";
import { plain } from "../../run/plain.ts";
import { showNumber } from "../../run/show-number.ts";
import type { Terminal } from "../terminal.ts";

export interface ReportOptions {
  readonly colors: Terminal["colors"];
  /** Columns of the terminal. */
  readonly width: number;
  readonly ascii?: boolean;
  /** Also how each file was read, and what the verdict was chosen from. */
  readonly explain?: boolean;
}

/** From here on, a table says more than so many curves one after another. */
const MAX_IN_FULL = 6;
const WIDEST = 100;
const BESIDE = "Beside the good run";
const EXPLAINED = "How it was read, and why";

export function report(judged: readonly Judged[], options: ReportOptions): string {
  const parts = judged.length > MAX_IN_FULL ? [] : judged.map((j) => reportRun(j, options));
  if (judged.length > 1) parts.push(comparison(judged, options));
  if (judged.length > MAX_IN_FULL) parts.push(...judged.flatMap((j) => reportBriefly(j, options)));
  return parts.join("\n\n");
}

/** Of many runs, only what was asked for by name: how it was read, and how it stands beside the baseline. */
function reportBriefly(
  judged: Judged,
  { colors, width, ascii = false, explain = false }: ReportOptions,
): string[] {
  const parts = [
    [BESIDE, baselineLines(judged)],
    [EXPLAINED, explain ? explanation(judged) : []],
  ] as const;
  const columns = Math.max(24, Math.min(WIDEST, width)) - 4;
  const lines = parts.flatMap(([title, said]) =>
    said.length === 0
      ? []
      : [`  ${title}`, ...said.flatMap((l) => wrap(l, columns).map((part) => `    ${colors.dim(part)}`))],
  );
  return lines.length === 0 ? [] : [finish([colors.bold(nameOf(judged.run)), ...lines].join("\n"), ascii)];
}

export function reportRun(
  judged: Judged,
  { colors, width, ascii = false, explain = false }: ReportOptions,
): string {
  const { log, run } = judged;
  const { bold, dim } = colors;
  const columns = Math.max(24, Math.min(WIDEST, width));
  const groups = groupFindings(run.findings);
  const headline = headlineOf(run);
  const out: string[] = [];
  const say = (text: string, indent: number, style: (s: string) => string = (s) => s): void => {
    for (const line of wrap(text, columns - indent)) out.push(" ".repeat(indent) + style(line));
  };
  say(`${headline.symbol} ${headline.words}`, 0, (s) => bold(colors[headline.color](s)));
  if (headline.rate !== null) say(headline.rate, 2, bold);
  say(describe(judged), 2, dim);
  say(run.reason, 2);
  const curve = drawRun(judged, groups, { colors, width: columns, ascii });
  if (curve.length > 0) out.push("", ...curve);
  out.push("");
  const dose = doseWords(judged);
  say(`→ ${run.action.text}${dose === null ? "" : ` (${dose})`}`, 2, bold);
  for (const group of groups) {
    const { symbol, color } = SEVERITIES[group.severity];
    const paint = colors[color];
    out.push("");
    const [title, ...more] = wrap(
      `${group.number} ${symbol} ${group.title}, ${placeWords(group, log.stepUnit)}`,
      columns - 2,
    );
    out.push(
      `  ${bold(paint(title!))}`,
      ...more.flatMap((l) => wrap(l, columns - 6)).map((l) => `      ${paint(l)}`),
    );
    say(evidenceWords(group.main.evidence), 6, dim);
    say(plain(group.main.advice), 6);
    if (group.main.alternatives.length > 0) say(`Or: ${plain(group.main.alternatives.join("; "))}.`, 6, dim);
    if (group.main.decide !== "") say(`Would decide: ${plain(group.main.decide)}.`, 6, dim);
  }
  if (groups.length === 0) say("Nothing else stands out.", 2, dim);
  const beside = baselineLines(judged);
  if (beside.length > 0) {
    out.push("");
    say(BESIDE, 2, bold);
    for (const line of beside) say(line, 4);
  }
  if (explain) {
    out.push("");
    say(EXPLAINED, 2, bold);
    for (const line of explanation(judged)) say(line, 4, dim);
  }
  return finish(out.join("\n"), ascii);
}

function describe({ log, run }: Judged): string {
  const parts = [nameOf(run), run.format];
  if (run.steps !== null)
    parts.push(`${countWords(run.points, "point")}, ${stepsWords(run.steps, log.stepUnit)}`);
  const named = Object.entries(run.series)
    .filter(([role, name]) => name !== null && name !== role)
    .map(([role, name]) => `${role} = ${plain(name!)}`);
  if (named.length > 0) parts.push(named.join(", "));
  return parts.join(" · ");
}

function drawRun(
  { log }: Judged,
  groups: readonly Group[],
  { colors, width, ascii }: Required<Omit<ReportOptions, "explain">>,
): string[] {
  const loss = seriesOf(log, "loss");
  if (loss === null || loss.values.length < 2 || !loss.values.some(Number.isFinite)) return [];
  const marks = groups.map(
    (g): Mark => ({
      label: String(g.number),
      at: g.events ?? g.main.steps,
      isRange: g.events === null,
    }),
  );
  const chart = {
    title: "",
    panels: [
      {
        kind: "lines" as const,
        x: { label: log.stepUnit },
        y: { label: "loss", scale: "auto" as const },
        series: [{ name: "training", x: loss.steps, y: loss.values }],
      },
    ],
  };
  const lines = sketchLines(chart, { width: Math.min(80, width - 2), height: 10, ascii, marks });
  return lines.map(({ kind, label, body }) => {
    const text = body.trimEnd();
    if (kind === "title") return `  ${colors.dim(text)}`;
    if (kind === "plot") return `  ${colors.dim(label)}${colors.cyan(text)}`;
    if (kind === "marks") return `  ${label}${colors.yellow(text)}`;
    return `  ${colors.dim(label)}${text.replace(/✗+/g, (x) => colors.red(x))}`;
  });
}

/** One line a run, the best final loss marked. */
export function comparison(
  judged: readonly Judged[],
  { colors, width, ascii = false }: ReportOptions,
): string {
  const shared = sharedFolders(judged.map((j) => nameOf(j.run)));
  const rows = judged.map(({ log, run }) => {
    const loss = seriesOf(log, "loss")?.values ?? new Float64Array(0);
    const lr = [...(seriesOf(log, "lr")?.values ?? [])].filter(Number.isFinite);
    const critical = run.findings.filter((f) => f.severity === "critical").length;
    const warnings = run.findings.filter((f) => f.severity === "warning").length;
    const tail = loss.subarray(loss.length - Math.max(1, Math.floor(loss.length / 10)));
    const end = loss.length > 0 ? tail.reduce((a, b) => a + b, 0) / tail.length : Number.NaN;
    return {
      verdict: run.verdict,
      end,
      cells: [
        nameOf(run).slice(shared),
        `${VERDICTS[run.verdict].symbol} ${verdictCell(run)}`,
        run.verdicts.length === 0 ? "" : percentWords(run.confidence),
        lr.length > 0 ? showNumber(lr.reduce((a, b) => Math.max(a, b))) : "",
        loss.length > 0 ? showNumber(end) : "",
        [critical > 0 ? `${critical}✗` : "", warnings > 0 ? `${warnings}!` : ""].filter(Boolean).join(" "),
        ascii || loss.length < 2 ? "" : spark(loss, 14),
      ],
    };
  });
  const head = ["run", "verdict", "sure", "peak lr", "end loss", "findings", ascii ? "" : "loss"];
  const best = Math.min(...rows.map((r) => r.end).filter(Number.isFinite));
  const widths = head.map((h, c) => Math.max(h.length, ...rows.map((r) => r.cells[c]!.length)));
  // what is too wide loses the curve first, then the middle of the names
  const total = (): number => widths.reduce((a, w) => a + (w > 0 ? w + 2 : 0), -2);
  const narrow = (c: number, to: (by: number) => number): void => {
    const by = total() - width;
    if (by > 0) widths[c] = to(by);
  };
  narrow(6, () => 0);
  narrow(0, (by) => Math.max(8, widths[0]! - by));
  for (const c of [5, 2, 3]) narrow(c, () => 0);
  const line = (cells: readonly string[], paint: (cell: string, column: number) => string): string =>
    cells
      .map((cell, c) =>
        widths[c] === 0 ? null : paint(shorten(cell, widths[c]!, ascii).padEnd(widths[c]!), c),
      )
      .filter((cell) => cell !== null)
      .join("  ")
      .trimEnd();
  const out = [line(head, (cell) => colors.dim(cell))];
  for (const { verdict, end, cells } of rows) {
    const color = colors[VERDICTS[verdict].color];
    out.push(
      line(cells, (cell, c) => {
        if (c === 1) return color(cell);
        if (c === 4 && end === best) return colors.bold(colors.green(cell));
        return c === 6 ? colors.cyan(cell) : cell;
      }),
    );
  }
  if (judged.length > MAX_IN_FULL)
    out.push("", colors.dim(`Name up to ${MAX_IN_FULL} runs to see each curve with its findings.`));
  return finish(out.join("\n"), ascii);
}

/** Paths are told apart by their ends: the front goes. */
function shorten(text: string, width: number, ascii: boolean): string {
  if (text.length <= width) return text;
  return ascii ? `..${text.slice(text.length - width + 2)}` : `…${text.slice(text.length - width + 1)}`;
}

/** Length of the folders that all names begin with. */
function sharedFolders(names: readonly string[]): number {
  const [first = ""] = names;
  let shared = 0;
  for (let i = 0; names.every((name) => name[i] === first[i]) && i < first.length; i++)
    if (first[i] === "/") shared = i + 1;
  return shared;
}

/** Lines of at most `width` characters; a longer word stands alone, cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    let rest = word;
    if (line !== "" && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = "";
    }
    while (rest.length > width) {
      if (line !== "") lines.push(line);
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
      line = "";
    }
    line = line === "" ? rest : rest === "" ? line : `${line} ${rest}`;
  }
  if (line !== "") lines.push(line);
  return lines;
}

const ASCII: Readonly<Record<string, string>> = {
  "▲": "^",
  "▼": "v",
  "✓": "+",
  "✗": "x",
  "→": "->",
  "×": "x",
  "–": "-",
  "—": "-",
  "−": "-",
  "…": "...",
  "·": "|",
  "√": "sqrt",
  "≥": ">=",
  "≤": "<=",
  µ: "u",
};

function finish(text: string, ascii: boolean): string {
  return ascii ? text.replace(/[▲▼✓✗→×–—−…·√≥≤µ]/g, (c) => ASCII[c] ?? c) : text;
}
