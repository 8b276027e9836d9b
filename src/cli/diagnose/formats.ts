/** The diagnosis for reviews and machines: Markdown, GitHub's workflow commands, SARIF, and a short JSON document. */

import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { type Checks, rules, type Severity } from "../../diagnose/index.ts";
import {
  baselineLines,
  doseWords,
  evidenceWords,
  type Group,
  groupFindings,
  headlineOf,
  type Judged,
  nameOf,
  placeWords,
  toJson,
} from "../../diagnose/words.ts";
import { plain } from "../../run/plain.ts";
import { version } from "../../run/version.ts";
import type { FormatName } from "./format-names.ts";

/** A writer of the whole diagnosis; what it returns is all that is printed. */
export const FORMATS: Readonly<Record<FormatName, (judged: readonly Judged[]) => string>> = {
  markdown,
  github,
  sarif,
  brief,
};

/**
 * Text of logs as Markdown that shows it and does nothing else: no markup, no entity, no link. A word joiner keeps GitHub
 * from telling people and issues that are named by chance, and from making links of addresses.
 */
const inMarkdown = (text: string): string =>
  plain(text)
    .replace(/[\\`*_<>[\]|#~$&]/g, "\\$&")
    .replace(/[@#]|:(?=\/\/)|\bwww(?=\.)/gi, "$&\u2060");

function markdown(judged: readonly Judged[]): string {
  return judged.map(markdownRun).join("\n\n");
}

function markdownRun(judged: Judged): string {
  const { log, run } = judged;
  const { symbol, words, rate } = headlineOf(run);
  const dose = doseWords(judged);
  const lines = [
    `## ${symbol} ${inMarkdown(nameOf(run))}: ${words}`,
    "",
    ...(rate === null ? [] : [`**${rate}**`, ""]),
    inMarkdown(run.reason),
    "",
    `**${inMarkdown(run.action.text)}**${dose === null ? "" : ` (${inMarkdown(dose)})`}`,
  ];
  for (const group of groupFindings(run.findings)) {
    lines.push("", `### ${group.severity}: ${group.title}, ${placeWords(group, log.stepUnit)}`, "");
    lines.push(inMarkdown(group.main.advice), "", `_${inMarkdown(evidenceWords(group.main.evidence))}_`);
  }
  const beside = baselineLines(judged);
  if (beside.length > 0)
    lines.push("", "### Beside the good run", "", ...beside.map((l) => `- ${inMarkdown(l)}`));
  return lines.join("\n");
}

const GITHUB: Readonly<Record<Severity, string>> = { critical: "error", warning: "warning", info: "notice" };
const inData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const inProperty = (text: string): string => inData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** One line each for the verdict and the kinds of findings, as GitHub's workflow commands. */
function github(judged: readonly Judged[]): string {
  const line = ({ run }: Judged, level: string, title: string, text: string): string => {
    const file = run.source === "-" ? "" : `file=${inProperty(plain(run.source))},`;
    return `::${level} ${file}title=${inProperty(plain(title))}::${inData(plain(text))}`;
  };
  return judged
    .flatMap((one) => [
      line(
        one,
        asksForChange(one) ? "warning" : "notice",
        `${nameOf(one.run)}: ${rateOf(one)}`,
        `${one.run.reason} ${one.run.action.text}`,
      ),
      ...groupFindings(one.run.findings).map((g) =>
        line(one, GITHUB[g.severity], `${g.title}, ${placeWords(g, one.log.stepUnit)}`, messageOf(g)),
      ),
    ])
    .join("\n");
}

const asksForChange = ({ run }: Judged): boolean => (run.action.lr?.multiply ?? 1) !== 1;

/** What is said of the rate, whether or not it is the headline. */
const rateOf = ({ run }: Judged): string => {
  const { rate, words } = headlineOf(run);
  return rate ?? words;
};

const messageOf = ({ main }: Group): string => `${main.advice} (${evidenceWords(main.evidence)})`;

const SARIF_LEVEL: Readonly<Record<Severity, string>> = {
  critical: "error",
  warning: "warning",
  info: "note",
};
/** The verdict's own rule beside those of the findings. */
const RATE = { name: "learning-rate", about: "the verdict on the learning rate", severity: "info" as const };

/** SARIF 2.1.0 (OASIS), for code scanning and editors. */
function sarif(judged: readonly Judged[]): string {
  const all = [RATE, ...rules];
  const index = new Map(all.map((r, i) => [r.name, i]));
  const result = ({ run }: Judged, id: string, level: string, text: string): object => ({
    ruleId: id,
    ruleIndex: index.get(id),
    level,
    message: { text: plain(text) },
    ...(run.source !== "-" && {
      locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(run.source) } } }],
    }),
  });
  return toJson({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "steepest",
            version,
            rules: all.map((r) => ({
              id: r.name,
              shortDescription: { text: r.about },
              defaultConfiguration: { level: SARIF_LEVEL[r.severity] },
            })),
          },
        },
        results: judged.flatMap((one) => [
          result(
            one,
            RATE.name,
            asksForChange(one) ? "warning" : "note",
            `${nameOf(one.run)}: ${rateOf(one)}. ${one.run.reason} ${one.run.action.text}`,
          ),
          ...groupFindings(one.run.findings).map((g) =>
            result(
              one,
              g.id,
              SARIF_LEVEL[g.severity],
              `${nameOf(one.run)}: ${g.title}, ${placeWords(g, one.log.stepUnit)}. ${messageOf(g)}`,
            ),
          ),
        ]),
      },
    ],
  });
}

const uriOf = (path: string): string =>
  isAbsolute(path)
    ? pathToFileURL(path).href
    : path.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/");

/** Kinds of findings in a brief document; the gravest come first. */
const MAX_BRIEF = 6;

const MAX_DOUBTS = 2;

/** The rules that could not run, by what the log lacks. */
function byReason({ skipped }: Checks): Record<string, number> {
  const count: Record<string, number> = {};
  for (const { reason } of skipped) count[reason] = (count[reason] ?? 0) + 1;
  return count;
}

/** What a program or a model needs to act, in a few hundred tokens a run. */
function brief(judged: readonly Judged[]): string {
  return toJson({
    schema: "steepest.diagnosis-brief/1",
    runs: judged.map(({ log, run }) => ({
      run: nameOf(run),
      headline: headlineOf(run).words,
      verdict: run.verdict,
      verdicts: run.verdicts,
      confidence: run.confidence,
      multiply: run.action.lr?.multiply ?? null,
      action: run.action.text,
      reason: run.reason,
      points: run.points,
      steps: run.steps,
      stepUnit: log.stepUnit,
      findings: groupFindings(run.findings)
        .slice(0, MAX_BRIEF)
        .map(({ id, severity, all, extent, main }) => ({
          id,
          severity,
          direction: main.direction,
          count: all.length,
          steps: extent,
        })),
      reading: {
        series: Object.fromEntries(Object.entries(run.series).filter(([, name]) => name !== null)),
        doubts: (run.reading?.notes ?? []).slice(0, MAX_DOUBTS),
      },
      ...(typeof run.baseline === "object" && {
        baseline: {
          partsAt: run.baseline.partsAt,
          differs: run.baseline.differences.map((d) => d.what),
        },
      }),
      checks: { ran: run.checks.ran.length, skipped: byReason(run.checks) },
    })),
  });
}
