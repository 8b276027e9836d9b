/** Claimed against measured as a table that fits the terminal, and below it what has to be said about each claim. */

import type { ClaimResult, Verdict } from "../../lesson/claim.ts";
import { type ClaimRow, claims } from "../../lesson/claims.ts";
import { wrap } from "../diagnose/report.ts";
import type { Terminal } from "../terminal.ts";

export interface Failure {
  readonly id: string;
  readonly reason: string;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  holds: "holds",
  "holds-if": "holds if",
  "does-not-hold": "does not hold",
};

export const verdictWords = (verdict: Verdict): string => WORDS[verdict];

interface Look {
  readonly colors: Terminal["colors"];
  readonly width: number;
}

/** Room for a table; wider lines are hard to read. */
const WIDEST = 140;
const GAP = 2;
const ID = 12;
const VERDICT = 8;

export function report(results: readonly ClaimResult[], { colors, width: given }: Look): string {
  const width = Math.max(60, Math.min(WIDEST, given));
  const rest = width - ID - VERDICT - 4 * GAP;
  const [title, claimed] = [Math.floor(rest * 0.36), Math.floor(rest * 0.24)];
  const widths = [ID, title, claimed, rest - title - claimed, VERDICT];
  const paint = (verdict: Verdict): ((text: string) => string) =>
    verdict === "holds" ? colors.green : verdict === "holds-if" ? colors.yellow : colors.red;
  const line = (cells: readonly string[], style: (text: string) => string): string[] => {
    const columns = cells.map((cell, i) => (i === 0 ? wrapId(cell, ID) : wrap(cell, widths[i]!)));
    const height = Math.max(...columns.map((c) => c.length));
    return Array.from({ length: height }, (_, row) =>
      columns
        .map((column, i) => {
          const text = (column[row] ?? "").padEnd(i === columns.length - 1 ? 0 : widths[i]!);
          return i === columns.length - 1 ? style(text) : text;
        })
        .join(" ".repeat(GAP))
        .trimEnd(),
    );
  };
  const titles = new Map(claims.map((row) => [row.name, row.about]));
  const tableLines = [
    ...line(["id", "claim", "claimed", "measured", "verdict"], (text) => text).map(colors.bold),
    ...results.flatMap((r) => [
      ...line(
        [r.id, titles.get(r.id) ?? r.claim, String(r.claimed), r.summary, WORDS[r.verdict]],
        paint(r.verdict),
      ),
    ]),
  ];
  const notes = results.flatMap((r) => {
    if (r.condition === null) return [];
    const first = r.verdict === "holds-if" ? `${r.id} holds if ` : `${r.id}: `;
    return [
      "",
      ...wrap(first + sentence(r.condition), width - 2).map((text, i) => (i === 0 ? text : `  ${text}`)),
    ];
  });
  return [...tableLines, ...notes, "", tally(results)].join("\n");
}

/** Ids are broken at their hyphens. */
function wrapId(id: string, width: number): string[] {
  const lines = [""];
  for (const part of id.split(/(?<=-)/)) {
    if ((lines.at(-1)! + part).length > width) lines.push("");
    lines[lines.length - 1] += part;
  }
  return lines;
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const hold = (n: number): string => `${n} ${n === 1 ? "holds" : "hold"}`;

function tally(results: readonly ClaimResult[]): string {
  const count = (verdict: Verdict): number => results.filter((r) => r.verdict === verdict).length;
  const n = results.length;
  return (
    `${n} ${n === 1 ? "claim" : "claims"}: ${hold(count("holds"))}, ${hold(count("holds-if"))} under a condition, ` +
    `${count("does-not-hold")} ${count("does-not-hold") === 1 ? "does" : "do"} not hold.`
  );
}

/** `--list`: groups with their claims. */
export function list(rows: readonly ClaimRow[], { colors }: Pick<Look, "colors">): string {
  const wide = Math.max(...rows.map((r) => r.name.length));
  const lines: string[] = [];
  for (const group of new Set(rows.map((r) => r.group))) {
    lines.push(...(lines.length > 0 ? [""] : []), colors.bold(group));
    for (const r of rows.filter((row) => row.group === group))
      lines.push(`  ${r.name.padEnd(wide)}  ${r.about}`);
  }
  return lines.join("\n");
}
