/** What is said about a diagnosed run: the terminal report, the HTML page and the lab all take their words from here. */
import { type RunLog, seriesOf } from "../run/log.ts";
import { plain } from "../run/plain.ts";
import { showNumber, showWhole } from "../run/show-number.ts";
import { rules } from "./rules/index.ts";
import type {
  Difference,
  Evidence,
  Finding,
  RateVerdict,
  RunDiagnosis,
  Severity,
  VerdictName,
} from "./types.ts";
import { ONE_WORD } from "./verdict-set.ts";

/** A log beside what was found in it. */
export interface Judged {
  readonly log: RunLog;
  readonly run: RunDiagnosis;
}

/** Findings of one kind, told once. */
export interface Group {
  /** The rule's name. */
  readonly id: string;
  /** Shown beside the finding and under the curve, from 1. */
  readonly number: number;
  readonly title: string;
  readonly severity: Severity;
  /** The one that is told in full. */
  readonly main: Finding;
  readonly all: readonly Finding[];
  /** Single steps to mark; null when the finding is a stretch of the run. */
  readonly events: readonly number[] | null;
  /** First and last step of them all. */
  readonly extent: readonly [number, number];
}

/** How good or bad something said is: it decides the colour. */
export type Tone = "good" | "info" | "warning" | "critical";

export const VERDICTS: Readonly<
  Record<
    VerdictName,
    { symbol: string; words: string; tone: Tone; color: "red" | "yellow" | "green" | "cyan" | "magenta" }
  >
> = {
  "too-high": { symbol: "▲▲", words: "learning rate too high", tone: "critical", color: "red" },
  "slightly-high": { symbol: "▲", words: "learning rate slightly high", tone: "warning", color: "yellow" },
  good: { symbol: "✓", words: "learning rate good", tone: "good", color: "green" },
  "too-low": { symbol: "▼", words: "learning rate too low", tone: "warning", color: "cyan" },
  inconclusive: { symbol: "?", words: "no verdict on the learning rate", tone: "info", color: "magenta" },
};

export const SEVERITIES: Readonly<Record<Severity, { symbol: string; color: "red" | "yellow" | "blue" }>> = {
  critical: { symbol: "✗", color: "red" },
  warning: { symbol: "!", color: "yellow" },
  info: { symbol: "·", color: "blue" },
};

export const RANK: Readonly<Record<Severity, number>> = { critical: 2, warning: 1, info: 0 };

const IN_A_SET: Readonly<Record<RateVerdict, string>> = {
  "too-low": "too low",
  good: "good",
  "slightly-high": "slightly high",
  "too-high": "too high",
};

/** "good or too low". */
export const verdictWords = (verdicts: readonly RateVerdict[]): string =>
  verdicts.map((v) => IN_A_SET[v]).join(" or ");

/** The verdict of a run in a cell of a table: "too low", the set that is left, or "no verdict". */
export const verdictCell = ({ verdict, verdicts }: Pick<RunDiagnosis, "verdict" | "verdicts">): string =>
  verdicts.length === 0 || (verdicts.length === 1 && verdict === "inconclusive")
    ? "no verdict"
    : verdictWords(verdicts);

/** "almost certain, 98 %"; "" where there is no verdict to be sure of. */
export function confidenceWords({ verdicts, confidence }: RunDiagnosis): string {
  if (verdicts.length === 0) return "";
  const words: readonly [number, string][] = [
    [0.95, "almost certain"],
    [0.85, "very likely"],
    [0.7, "likely"],
    [0.5, "more likely than not"],
    [0, "a weak guess"],
  ];
  return `${words.find(([from]) => confidence >= from)![1]}, ${percentWords(confidence)}`;
}

/** 12,345; 0.5 of an epoch. */
const showStep = (x: number): string => (Number.isInteger(x) ? showWhole(x) : showNumber(x));

/** "1 point", "1,200 points". */
export const countWords = (n: number, unit: string): string => `${showStep(n)} ${unit}${n === 1 ? "" : "s"}`;

/** "98 %", at most 99: 0.999 is not certainty. */
export const percentWords = (confidence: number): string => `${Math.min(99, Math.round(100 * confidence))} %`;

/** A diagnosis in one line, and how it looks. */
export interface Headline {
  readonly symbol: string;
  readonly words: string;
  readonly tone: Tone;
  readonly color: "red" | "yellow" | "green" | "cyan" | "magenta" | "blue";
  /** What is said of the learning rate when something graver comes first; null when the headline says it. */
  readonly rate: string | null;
}

/** The most important thing to know: a critical finding that the verdict does not already tell of, else the verdict. */
export function headlineOf(run: RunDiagnosis): Headline {
  const verdict = VERDICTS[run.verdict];
  const sure = confidenceWords(run);
  const words = run.verdicts.length > 1 ? `learning rate ${verdictWords(run.verdicts)}` : verdict.words;
  const rate = sure === "" ? words : `${words} — ${sure}`;
  const critical = run.findings.filter((f) => f.severity === "critical");
  const high = run.verdict === "too-high" || run.verdict === "slightly-high";
  const told = high && critical.some((f) => f.direction === "lower" || f.direction === "not-higher");
  const [first] = told ? [] : groupFindings(critical);
  if (!first) return { ...verdict, words: rate, rate: null };
  const { symbol, color } = SEVERITIES.critical;
  return { symbol, color, tone: "critical", words: first.title, rate };
}

/** Findings by kind, the most severe first. What a rule absorbs is told with it, unless a finding of it is graver. */
export function groupFindings(findings: readonly Finding[]): Group[] {
  const kinds = new Map<string, Finding[]>();
  for (const f of findings) kinds.set(f.id, [...(kinds.get(f.id) ?? []), f]);
  for (const { name, absorbs } of rules) {
    const own = kinds.get(name);
    if (!own) continue;
    const gravest = Math.max(...own.map((f) => RANK[f.severity]));
    for (const other of absorbs)
      if (kinds.get(other)?.every((f) => RANK[f.severity] <= gravest)) kinds.delete(other);
  }
  return [...kinds.values()]
    .map((all) => ({ all, main: all.reduce((a, b) => (weight(b) > weight(a) ? b : a)) }))
    .sort((a, b) => RANK[b.main.severity] - RANK[a.main.severity])
    .map(({ all, main }, i) => ({
      number: i + 1,
      id: main.id,
      title: titleOf(main.id),
      severity: main.severity,
      main,
      all,
      events: eventsOf(all),
      extent: [Math.min(...all.map((f) => f.steps[0])), Math.max(...all.map((f) => f.steps[1]))] as const,
    }));
}

const weight = (f: Finding): number =>
  RANK[f.severity] * 1e3 + (typeof f.evidence["peak"] === "number" ? Math.asinh(f.evidence["peak"]) : 0);

/** "loss-spike" → "loss spike", "non-finite" stays. */
export const titleOf = (id: string): string => id.replace(/(?<!\bnon)-/g, " ");

function eventsOf(all: readonly Finding[]): number[] | null {
  const listed = all.flatMap((f) => f.evidence["peakSteps"] ?? f.evidence["atSteps"] ?? []);
  const steps = listed.filter((x): x is number => typeof x === "number");
  if (steps.length > 0) return steps;
  const peaks = all.flatMap((f) =>
    typeof f.evidence["peakStep"] === "number" ? [f.evidence["peakStep"]] : [],
  );
  if (peaks.length === all.length) return peaks;
  return all.length > 1 || all[0]!.steps[0] === all[0]!.steps[1] ? all.map((f) => f.steps[0]) : null;
}

/** "step 12", "steps 12–599"; epochs and rows by their own name. */
export function stepsWords([from, to]: readonly [number, number], unit: RunLog["stepUnit"]): string {
  return from === to ? `${unit} ${showStep(from)}` : `${unit}s ${showStep(from)}–${showStep(to)}`;
}

/** Where a group is: its stretch, or how often and when. */
export function placeWords({ all, events, main }: Group, unit: RunLog["stepUnit"]): string {
  if (events === null || events.length < 2) return stepsWords(main.steps, unit);
  const shown = events.slice(0, 6).map(showStep);
  const more = events.length > 6 ? ` … ${showStep(events.at(-1)!)}` : "";
  const count = all.length > 1 ? `${all.length} times, ` : "";
  return `${count}${unit}s ${shown.join(", ")}${more}`;
}

/** Evidence that a chart or the finding's place already shows. */
const SHOWN_ELSEWHERE = /^(peakSteps|atSteps)$/;

/** Evidence by name, as a person reads it: "peak step" → "31,219", "recovered" → "yes". */
export function evidenceFacts(evidence: Evidence): (readonly [name: string, value: string])[] {
  return Object.entries(evidence).flatMap(([key, value]) => {
    if (value === null || value === "" || SHOWN_ELSEWHERE.test(key)) return [];
    const name = key.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
    if (typeof value === "boolean") return value ? [[name, "yes"] as const] : [];
    if (typeof value === "number") return [[name, showValue(key, value)] as const];
    if (typeof value === "string") return [[name, plain(value)] as const];
    return [[name, listed(value)] as const];
  });
}

/** "before 2.345 · peak 5.098 · peak step 31,219 · recovered · grad norm rise 1,620"; a kind is said by its name alone. */
export const evidenceWords = (evidence: Evidence): string =>
  evidenceFacts(evidence)
    .map(([name, value]) => (value === "yes" ? name : name === "kind" ? titleOf(value) : `${name} ${value}`))
    .join(" · ");

const showValue = (key: string, x: number): string => (/step$/i.test(key) ? showStep(x) : showNumber(x));

function listed(values: readonly number[]): string {
  const shown = values.slice(0, 6).map(showNumber).join(", ");
  return values.length > 6 ? `${shown} … (${values.length})` : shown;
}

/** "lr 0.3 → 0.03, from a checkpoint before step 812"; null when the log gives no numbers to say it with. */
export function doseWords({ log, run }: Judged): string | null {
  const factor = run.action.lr?.multiply;
  if (factor === undefined || factor === 1) return null;
  const lr = [...(seriesOf(log, "lr")?.values ?? [])].filter((v) => Number.isFinite(v) && v > 0);
  const before = brokenAt(run);
  const place =
    before === null ? "" : `from a checkpoint before ${stepsWords([before, before], log.stepUnit)}`;
  if (lr.length === 0) return place === "" ? null : place;
  const peak = lr.reduce((a, b) => Math.max(a, b));
  const min = lr.reduce((a, b) => Math.min(a, b));
  const name = min < peak ? "peak lr" : "lr";
  return `${name} ${showNumber(peak)} → ${showNumber(Number((peak * factor).toPrecision(3)))}${place && `, ${place}`}`;
}

/** The first step of what the run has to be taken back from, or null. */
function brokenAt({ findings }: RunDiagnosis): number | null {
  const from = findings
    .filter((f) => f.severity === "critical" && /^(non-finite|divergence|loss-spike)$/.test(f.id))
    .map((f) => f.steps[0]);
  return from.length > 0 ? Math.min(...from) : null;
}

/** "path" or "path (run)", without control characters, which a log's names may hold. */
export function nameOf({ source, run }: { readonly source: string; readonly run: string | null }): string {
  const name = source === "-" ? "standard input" : source;
  return plain(run === null ? name : `${name} (${run})`);
}

/** JSON has no NaN and no infinities: they are written as strings. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v));

/** How the file was read and what the verdict was chosen from, one sentence or line each. */
export function explanation({ log, run }: Judged): string[] {
  const { columns = [], notes = [] } = log.reading ?? {};
  const read = columns.map(
    ({ name, role, why, runnerUp }) =>
      `${plain(name)} is read as ${role}: ${plain(why)}.${runnerUp === null ? "" : ` Near: ${plain(runnerUp)}.`}`,
  );
  const named = Object.entries(run.series).map(([role, name]) =>
    name === null ? `No ${role} was found.` : `${plain(name)} is taken as ${role}.`,
  );
  const seen = Object.entries(run.probabilities ?? {}).map(
    ([name, p]) => `${IN_A_SET[name as RateVerdict]} ${percentWords(p)}`,
  );
  return [
    ...(columns.length > 0 ? read : named),
    ...notes.map(plain),
    seen.length > 0
      ? `From the curve alone, the rate is: ${seen.join(", ")}. One word needs ${percentWords(ONE_WORD)}. A set of several has a lower confidence than their sum: so sure are such sets in nine kinds of work of ten.`
      : "No curve was compared with runs of known rates.",
  ];
}

const DIFFERENCES: Readonly<Record<Difference["what"], readonly [name: string, unit: "" | "%"]>> = {
  "first-loss": ["first loss", ""],
  "first-slope": ["gained in the first tenth of the steps", "%"],
  floor: ["loss at the end of the common steps", ""],
  noise: ["scatter late in the run", "%"],
  "gradient-norm": ["gradient norm", ""],
  "peak-rate": ["peak learning rate", ""],
};

/** How a run stands beside the baseline, one line each; none without a baseline. */
export function baselineLines({ log, run: { baseline } }: Judged): string[] {
  if (baseline === undefined) return [];
  if (typeof baseline === "string") return [`Not compared with the baseline. ${baseline}`];
  const { partsAt, differences } = baseline;
  const parted =
    partsAt === null
      ? `Its loss stays with that of ${baseline.baseline} within their noise (${stepsWords(baseline.steps, log.stepUnit)}).`
      : `Its loss leaves that of ${baseline.baseline} at ${stepsWords([partsAt, partsAt], log.stepUnit)}.`;
  const lines = differences.map(({ what, run, baseline: good, meaning }) => {
    const [name, unit] = DIFFERENCES[what];
    const show = (x: number): string => (unit === "%" ? `${showNumber(100 * x)} %` : showNumber(x));
    return `${name}: ${show(run)}, in the good run ${show(good)}. ${meaning}`;
  });
  return [
    parted,
    ...(lines.length > 0 ? lines : ["In nothing that was measured do they differ by more than noise."]),
  ];
}
