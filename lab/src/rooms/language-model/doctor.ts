/** The command line's watch over a run, in the page: alerts while it trains, a verdict when it rests. */
import { createWatch, diagnose, groupFindings, type Headline, headlineOf } from "steepest/diagnose";
import type { RunLog, Series } from "steepest/logs";

export interface Alert {
  readonly step: number;
  readonly severity: "warning" | "critical";
  readonly title: string;
  readonly advice: string;
}

/** Of each step; validation at its own steps. */
export interface Curves {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly rates: readonly number[];
  readonly evaluations: readonly { readonly step: number; readonly loss: number }[];
}

export interface Doctor {
  /** Judges the curves so far; what is new joins `alerts`. */
  readonly check: (curves: Curves) => void;
  readonly alerts: () => readonly Alert[];
  /** Of the run as it is. */
  readonly headline: (curves: Curves) => Pick<Headline, "words" | "tone"> & { readonly action: string };
}

export function createDoctor(name: string): Doctor {
  const watch = createWatch();
  const alerts: Alert[] = [];
  return {
    check: (curves) => {
      for (const finding of watch.update(logOf(name, curves))) {
        if (finding.severity === "info") continue;
        const { severity, advice } = finding;
        alerts.push({ step: finding.steps[0], severity, title: groupFindings([finding])[0]!.title, advice });
      }
    },
    alerts: () => [...alerts],
    headline: (curves) => {
      const run = diagnose([logOf(name, curves)]).runs[0]!;
      const { words, tone } = headlineOf(run);
      return { words, tone, action: run.action.text };
    },
  };
}

function logOf(source: string, { losses, norms, rates, evaluations }: Curves): RunLog {
  const steps = Float64Array.from(losses, (_, i) => i + 1);
  const every = (name: string, role: Series["role"], values: readonly number[]): Series => ({
    name,
    role,
    steps,
    values: Float64Array.from(values),
  });
  const validation: Series = {
    name: "validationLoss",
    role: "validation",
    steps: Float64Array.from(evaluations, (l) => l.step),
    values: Float64Array.from(evaluations, (l) => l.loss),
  };
  return {
    source,
    format: "steepest",
    run: null,
    stepUnit: "step",
    series: [
      every("loss", "loss", losses),
      every("gradNorm", "gradNorm", norms),
      every("lr", "lr", rates),
      validation,
    ],
    notes: [],
    meta: {},
  };
}
