/** Logs read in pieces and diagnosed. What was read stays here; the page gets what it shows. */
import {
  type Diagnosis,
  diagnose,
  doseWords,
  evidenceFacts,
  type Group,
  groupFindings,
  type Headline,
  headlineOf,
  nameOf,
  percentWords,
  placeWords,
  type RunDiagnosis,
} from "steepest/diagnose";
import { type ReadOptions, type RunLog, readLog, seriesOf } from "steepest/logs";
import { type Chart, defaultSmoothing, lossChart } from "steepest/plot";
import { SteepestError } from "steepest/run";
import type { Report } from "../../lib/engine.ts";
import { exampleFiles } from "./examples.ts";
import type { Example, scales } from "./view.ts";

export interface Source {
  readonly name: string;
  readonly blob: Blob;
}

export interface Wanted {
  readonly loss: string;
  readonly lr: string;
}

export interface Reading {
  readonly name: string;
  /** Bytes, over all files. */
  readonly read: number;
  readonly of: number;
}

export interface Trouble {
  readonly source: string;
  readonly what: string;
  readonly help: string | null;
}

export interface Read {
  readonly runs: number;
  readonly troubles: readonly Trouble[];
  readonly bytes: number;
  readonly seconds: number;
}

/** Findings of one kind, in the words of the report. */
export interface Kind extends Group {
  readonly place: string;
  readonly evidence: readonly (readonly [name: string, value: string])[];
}

export interface Shown {
  readonly diagnosis: RunDiagnosis;
  readonly headline: Headline;
  readonly kinds: readonly Kind[];
  /** "98 % sure"; empty without a verdict. */
  readonly sure: string;
  /** "lr 0.3 → 0.03"; null when the log has no rate to say it with, or it is to stay. */
  readonly dose: string | null;
  readonly name: string;
  readonly unit: RunLog["stepUnit"];
  /** All series of the log by name, with their length. */
  readonly series: readonly (readonly [name: string, points: number])[];
  readonly notes: readonly string[];
  readonly peakLr: number | null;
  /** Mean of the last tenth. */
  readonly end: number | null;
}

type Scale = (typeof scales)[number];

const PIECE = 1 << 20;
/** So many curves can still be told apart. */
const MAX_CURVES = 6;

let held: readonly RunLog[] = [];
let diagnosis: Diagnosis = { schema: "steepest.diagnosis/1", runs: [] };

export async function fetchExample(example: Exclude<Example, "own">): Promise<Source[]> {
  return Promise.all(
    exampleFiles[example].map(async ({ name, url }) => {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${name} could not be fetched: ${answer.status} ${answer.statusText}`);
      return { name, blob: await answer.blob() };
    }),
  );
}

/** null: stopped, and what was held before is held still. */
export async function read(
  sources: readonly Source[],
  wanted: Wanted,
  report: Report<Reading>,
): Promise<Read | null> {
  const began = performance.now();
  const of = sources.reduce((sum, s) => sum + s.blob.size, 0);
  const logs: RunLog[] = [];
  const troubles: Trouble[] = [];
  let before = 0;
  for (const source of sources) {
    const go = (bytes: number): Promise<boolean> => report({ name: source.name, read: before + bytes, of });
    try {
      const found = await readOne(source, wanted, go, (t) => troubles.push(t));
      if (found === null) return null;
      logs.push(...found);
    } catch (error) {
      if (!(error instanceof SteepestError)) throw error;
      troubles.push(troubleOf(source.name, error));
    }
    before += source.blob.size;
  }
  held = logs;
  return { runs: logs.length, troubles, bytes: of, seconds: (performance.now() - began) / 1000 };
}

const troubleOf = (source: string, { id, message, help }: SteepestError): Trouble => ({
  source,
  what: message,
  help: remedies[id] ?? (help === undefined || /--|`/.test(help) ? null : help),
});

/** Where the remedy given is one of the command line's. */
const remedies: Readonly<Record<string, string>> = {
  "no-metrics": "a line should name its numbers, like step 10 loss 2.3 lr 1e-3, and a table needs a header",
  "unknown-series": "choose one of those offered",
};

async function readOne(
  { name, blob }: Source,
  { loss, lr }: Wanted,
  go: (bytes: number) => Promise<boolean>,
  onTrouble: (trouble: Trouble) => void,
): Promise<RunLog[] | null> {
  let stopped = false;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < blob.size && !stopped; at += PIECE) {
      const part = blob.slice(at, at + PIECE);
      yield await bytesOf(part, name);
      stopped = !(await go(Math.min(blob.size, at + PIECE)));
    }
  }
  const options: ReadOptions = { source: name, ...(loss && { loss }), ...(lr && { lr }) };
  try {
    const logs = await readLog(pieces(), options);
    return stopped ? null : logs.map(asLog);
  } catch (error) {
    if (stopped) return null;
    if (!(error instanceof SteepestError) || error.id !== "unknown-series") throw error;
    onTrouble(troubleOf(name, error));
    return readOne({ name, blob }, { loss: "", lr: "" }, go, onTrouble);
  }
}

async function bytesOf(part: Blob, source: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch (cause) {
    throw new SteepestError("log-unreadable", "this can't be read", {
      where: source,
      help: "choose the files inside, if it is a folder; choose it again, if it has changed meanwhile",
      cause,
    });
  }
}

/** Prose holds stray numbers; a log holds a series of them. */
function asLog(log: RunLog): RunLog {
  const loose = ["text", "jsonl", "csv"].includes(log.format);
  if (!loose || log.series.some((s) => s.values.length > 1)) return log;
  throw new SteepestError(
    "not-a-log",
    "this doesn't look like a training log: it holds no series of numbers",
    {
      where: log.source,
      help: "give the file that training wrote step by step",
    },
  );
}

export function judge(compare: boolean): Shown[] {
  diagnosis = diagnose(held, { compare });
  return diagnosis.runs.map((run, i) => {
    const log = held[i]!;
    const lr = seriesOf(log, "lr");
    const loss = seriesOf(log, "loss");
    const peak = lr ? lr.values.reduce((a, b) => Math.max(a, b), 0) : 0;
    const tail = loss?.values.subarray(-Math.max(1, Math.floor(loss.values.length / 10)));
    return {
      diagnosis: run,
      headline: headlineOf(run),
      kinds: groupFindings(run.findings).map((group) => ({
        ...group,
        place: placeWords(group, log.stepUnit),
        evidence: evidenceFacts(group.main.evidence),
      })),
      sure: run.verdicts.length === 0 ? "" : `${percentWords(run.confidence)} sure`,
      dose: doseWords({ log, run }),
      name: nameOf(log),
      unit: log.stepUnit,
      series: log.series.map((s) => [s.name, s.values.length] as const),
      notes: log.notes.map((n) => n.text),
      peakLr: peak > 0 ? peak : null,
      end: tail ? tail.reduce((a, b) => a + b, 0) / tail.length : null,
    };
  });
}

export interface View {
  readonly scale: Scale;
  /** A finding's id; its place fills the picture. Empty: the whole run. */
  readonly zoom: string;
}

export function picture(index: number, { scale, zoom }: View): Chart | null {
  const [log, run] = [held[index], diagnosis.runs[index]];
  if (!log || !run || run.points === 0) return null;
  const close = run.findings.filter((f) => f.id === zoom);
  const title = nameOf(log);
  if (close.length === 0) return lossChart(log, { title, scale, findings: run.findings });
  return lossChart(around(log, close), { title, scale, findings: close });
}

/** The part of a log around some findings: their stretch, and a third of it, or thirty points, on each side. */
function around(log: RunLog, findings: RunDiagnosis["findings"]): RunLog {
  const from = Math.min(...findings.map((f) => f.steps[0]));
  const to = Math.max(...findings.map((f) => f.steps[1]));
  const { steps } = seriesOf(log, "loss")!;
  const spacing = (steps.at(-1)! - steps[0]!) / Math.max(1, steps.length - 1);
  const margin = Math.max((to - from) / 3, 30 * spacing);
  const series = log.series.map((s) => {
    const [a, b] = [
      s.steps.findIndex((x) => x >= from - margin),
      s.steps.findLastIndex((x) => x <= to + margin),
    ];
    return a < 0
      ? { ...s, steps: s.steps.slice(0, 0), values: s.values.slice(0, 0) }
      : { ...s, steps: s.steps.slice(a, b + 1), values: s.values.slice(a, b + 1) };
  });
  return { ...log, series: series.filter((s) => s.values.length > 0) };
}

/** The losses of the first few runs over each other. */
export function together(scale: Scale): Chart {
  const runs = held.flatMap((log, slot) => {
    const loss = seriesOf(log, "loss");
    return loss ? [{ name: nameOf(log), loss, slot }] : [];
  });
  // over one another, differences at the end matter more than the first fall
  const positive = runs.every(({ loss }) => !loss.values.some((x) => x <= 0));
  return {
    title: "The runs over each other",
    ...(runs.length > MAX_CURVES && { caption: `the first ${MAX_CURVES} of ${runs.length} runs` }),
    panels: [
      {
        kind: "lines",
        x: { label: held[0]?.stepUnit ?? "step" },
        y: { label: "loss", scale: scale === "auto" && positive ? "log" : scale },
        series: runs.slice(0, MAX_CURVES).map(({ name, loss, slot }) => ({
          name,
          slot,
          x: loss.steps,
          y: loss.values,
          smooth: defaultSmoothing(loss.values.length),
        })),
      },
    ],
  };
}

export const json = (): string => `${JSON.stringify(diagnosis, null, 2)}\n`;
