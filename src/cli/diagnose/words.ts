/** What the terminal report and the page both say about a diagnosed run. */
import type { Evidence, Finding, RunDiagnosis, Severity, VerdictName } from "../../diagnose/index.ts";
import { type RunLog, seriesOf } from "../../run/log.ts";
import { showNumber } from "../terminal.ts";

export interface Judged {
  readonly log: RunLog;
  readonly run: RunDiagnosis;
}

/** Findings of one kind, told once. */
export interface Group {
  /** Shown beside the finding and under the curve, from 1. */
  readonly number: number;
  readonly title: string;
  readonly severity: Severity;
  /** The one that is told in full. */
  readonly main: Finding;
  readonly all: readonly Finding[];
  /** Single steps to mark; null when the finding is a stretch of the run. */
  readonly events: readonly number[] | null;
}

export const VERDICTS: Readonly<
  Record<
    VerdictName,
    { symbol: string; words: string; color: "red" | "yellow" | "green" | "cyan" | "magenta" }
  >
> = {
  "too-high": { symbol: "▲▲", words: "learning rate too high", color: "red" },
  "slightly-high": { symbol: "▲", words: "learning rate slightly high", color: "yellow" },
  good: { symbol: "✓", words: "learning rate good", color: "green" },
  "too-low": { symbol: "▼", words: "learning rate too low", color: "cyan" },
  inconclusive: { symbol: "?", words: "no verdict on the learning rate", color: "magenta" },
};

export const SEVERITIES: Readonly<Record<Severity, { symbol: string; color: "red" | "yellow" | "blue" }>> = {
  critical: { symbol: "✗", color: "red" },
  warning: { symbol: "!", color: "yellow" },
  info: { symbol: "·", color: "blue" },
};

const RANK: Readonly<Record<Severity, number>> = { critical: 2, warning: 1, info: 0 };

/** "almost certain, 98 %"; "" where there is no verdict to be sure of. */
export function confidenceWords({ verdict, confidence }: RunDiagnosis): string {
  if (verdict === "inconclusive") return "";
  const words: readonly [number, string][] = [
    [0.95, "almost certain"],
    [0.85, "very likely"],
    [0.7, "likely"],
    [0.5, "more likely than not"],
    [0, "a weak guess"],
  ];
  // 0.999 is not certainty
  const percent = Math.min(99, Math.round(100 * confidence));
  return `${words.find(([from]) => confidence >= from)![1]}, ${percent} %`;
}

/** Most severe first. What `numerical` says of a NaN, `non-finite` says too. Spikes that a finding about their recurrence counts are told with it. */
export function groupFindings(findings: readonly Finding[]): Group[] {
  const kinds = new Map<string, Finding[]>();
  for (const f of findings) kinds.set(f.id, [...(kinds.get(f.id) ?? []), f]);
  const spikes = kinds.get("loss-spike");
  if (kinds.has("recurrent-spikes") && spikes?.every((f) => f.severity !== "critical"))
    kinds.delete("loss-spike");
  if (kinds.has("non-finite")) kinds.delete("numerical");
  return [...kinds.values()]
    .map((all) => ({ all, main: all.reduce((a, b) => (weight(b) > weight(a) ? b : a)) }))
    .sort((a, b) => RANK[b.main.severity] - RANK[a.main.severity])
    .map(({ all, main }, i) => ({
      number: i + 1,
      title: titleOf(main.id),
      severity: main.severity,
      main,
      all,
      events: eventsOf(all),
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
  const show = (x: number): string => (Number.isInteger(x) ? x.toLocaleString("en") : showNumber(x));
  return from === to ? `${unit} ${show(from)}` : `${unit}s ${show(from)}–${show(to)}`;
}

/** Where a group is: its stretch, or how often and when. */
export function placeWords({ all, events, main }: Group, unit: RunLog["stepUnit"]): string {
  if (events === null || events.length < 2) return stepsWords(main.steps, unit);
  const shown = events.slice(0, 6).map((s) => s.toLocaleString("en"));
  const more = events.length > 6 ? ` … ${events[events.length - 1]!.toLocaleString("en")}` : "";
  const count = all.length > 1 ? `${all.length} times, ` : "";
  return `${count}${unit}s ${shown.join(", ")}${more}`;
}

/** "before 2.345, peak 5.098, peak step 31,219, recovered, grad norm rise 1,620" */
export function evidenceWords(evidence: Evidence): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(evidence)) {
    const name = key.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
    if (value === null || value === "" || /^(peakSteps|atSteps)$/.test(key)) continue;
    if (typeof value === "boolean") parts.push(value ? name : `not ${name}`);
    else if (typeof value === "number") parts.push(`${name} ${showValue(key, value)}`);
    else if (typeof value === "string") parts.push(`${name} ${plain(value)}`);
    else parts.push(`${name} ${listed(value)}`);
  }
  return parts.join(" · ");
}

const showValue = (key: string, x: number): string =>
  /step$/i.test(key) && Number.isInteger(x) ? x.toLocaleString("en") : showNumber(x);

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
  const least = lr.reduce((a, b) => Math.min(a, b));
  const name = least < peak ? "peak lr" : "lr";
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

export const plain = (text: string): string => text.replace(/\p{Cc}/gu, " ");

/** JSON has no NaN and no infinities: they are written as strings. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v));
