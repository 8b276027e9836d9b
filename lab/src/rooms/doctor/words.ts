/** What the page says about a diagnosis. */
import type { Evidence, Finding, RunDiagnosis, VerdictName } from "steepest/diagnose";

type Tone = "good" | "info" | "warning" | "critical";

export const verdicts: Readonly<Record<VerdictName, { readonly tone: Tone; readonly words: string }>> = {
  "too-high": { tone: "critical", words: "The learning rate is too high" },
  "slightly-high": { tone: "warning", words: "The learning rate is slightly high" },
  good: { tone: "good", words: "The learning rate is good" },
  "too-low": { tone: "warning", words: "The learning rate is too low" },
  inconclusive: { tone: "info", words: "No verdict on the learning rate" },
};

export const show = (x: number | null): string => {
  if (x === null) return "–";
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "not a number" : "infinite";
  return String(Number(x.toPrecision(4))).replace("-", "−");
};

/** 0.999 is not certainty. */
export const sure = ({ confidence }: RunDiagnosis): string =>
  `${Math.min(99, Math.round(100 * confidence))} % sure`;

/** "× 0.1: from 0.01 to 0.001" */
export function dose({ action, verdict }: RunDiagnosis, peakLr: number | null): string {
  const factor = action.lr?.multiply;
  if (factor === undefined) return verdict === "inconclusive" ? "no change follows" : "–";
  if (factor === 1) return peakLr === null ? "× 1" : `× 1: keep ${show(peakLr)}`;
  const by = `× ${show(factor)}`;
  return peakLr === null
    ? by
    : `${by}: from ${show(peakLr)} to ${show(Number((peakLr * factor).toPrecision(3)))}`;
}

export interface Kind {
  readonly id: string;
  readonly title: string;
  /** The gravest of them, told in full. */
  readonly main: Finding;
  /** First and last step of them all. */
  readonly extent: readonly [number, number];
  readonly where: string;
  readonly evidence: readonly (readonly [name: string, value: string])[];
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;
const MOST_PLACES = 6;

/** Findings of one kind together, the gravest kinds first. */
export function kinds(findings: readonly Finding[], unit: string): Kind[] {
  const byId = new Map<string, Finding[]>();
  for (const f of findings) byId.set(f.id, [...(byId.get(f.id) ?? []), f]);
  return [...byId]
    .map(([id, all]): Kind => {
      const main = all.reduce((a, b) => (RANK[b.severity] < RANK[a.severity] ? b : a));
      const places = all.map(({ steps: [a, b] }) => (a === b ? step(a) : `${step(a)}–${step(b)}`));
      const more = places.length > MOST_PLACES ? ` and ${places.length - MOST_PLACES} more` : "";
      return {
        id,
        title: id.replace(/-/g, " "),
        main,
        extent: [Math.min(...all.map((f) => f.steps[0])), Math.max(...all.map((f) => f.steps[1]))],
        where: `${unit}${places.length > 1 || places[0]!.includes("–") ? "s" : ""} ${places.slice(0, MOST_PLACES).join(", ")}${more}`,
        evidence: evidenceOf(main.evidence),
      };
    })
    .sort((a, b) => RANK[a.main.severity] - RANK[b.main.severity]);
}

const step = (x: number): string => (Number.isInteger(x) ? x.toLocaleString("en") : show(x));

function evidenceOf(evidence: Evidence): [string, string][] {
  return Object.entries(evidence).flatMap(([key, value]): [string, string][] => {
    if (value === null || value === "") return [];
    const name = key.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
    if (typeof value === "boolean") return [[name, value ? "yes" : "no"]];
    if (typeof value === "string") return [[name, value]];
    if (typeof value === "number") return [[name, /step/i.test(key) ? step(value) : show(value)]];
    const shown = value.slice(0, MOST_PLACES).map(step).join(", ");
    return [[name, value.length > MOST_PLACES ? `${shown} …` : shown]];
  });
}
