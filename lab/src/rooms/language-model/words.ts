/** What is said of the run. */
import type { State } from "./worker.ts";

export interface Said {
  readonly tone: "good" | "info" | "warning" | "critical";
  readonly title: string;
  readonly body: string;
}

/** As unsure as among so many equally probable characters. */
const choices = (loss: number): string => {
  const n = Math.exp(loss);
  return n < 10 ? n.toFixed(1) : n.toFixed(0);
};

export function verdictOf(run: State | null, running: boolean, vocabulary: number): Said {
  if (run === null)
    return { tone: "info", title: "No model yet", body: "It begins as soon as text and sizes fit." };
  if (!run.finite) {
    return {
      tone: "critical",
      title: `The loss is no number since step ${run.k}`,
      body: "Lower the rate and begin a new run.",
    };
  }
  const unseen = run.evaluations.at(-1)?.loss ?? Number.NaN;
  const unsure = `On text it has not read it hesitates between ${choices(unseen)} characters; at random it would be ${vocabulary}.`;
  if (run.k === 0) return { tone: "info", title: "Not trained yet: it writes at random", body: unsure };
  const alert = run.alerts.at(-1);
  const heard = alert && `The doctor, at step ${alert.step}: ${alert.title}. ${alert.advice}`;
  if (running)
    return {
      tone: alert?.severity ?? "info",
      title: alert ? `It learns, and there is a remark: ${alert.title}` : "It learns",
      body: heard ?? unsure,
    };
  const { headline } = run;
  const title = `After ${run.k} steps it hesitates between ${choices(unseen)} characters of ${vocabulary}`;
  if (headline === null)
    return { tone: "info", title, body: heard ?? "Too few steps for a verdict of the doctor." };
  // a verdict with nothing to do says no more than itself
  const urgent = headline.tone === "warning" || headline.tone === "critical";
  const body = `The doctor: ${headline.words}.${urgent ? ` ${headline.action}` : ""}`;
  return { tone: headline.tone, title, body };
}
