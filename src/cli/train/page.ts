/** A run as one page: result, diagnosis, charts, range test, configuration, environment. */

import { availableParallelism, cpus, totalmem } from "node:os";
import { headlineOf, type Judged } from "../../diagnose/words.ts";
import type { Chart } from "../../plot/index.ts";
import { escapeHtml, factTable, gradientNormChart, lossChart, reportHtml } from "../../plot/index.ts";
import { type RunLog, seriesOf } from "../../run/log.ts";
import { isRecord } from "../../run/record.ts";
import { showNumber, showWhole } from "../../run/show-number.ts";
import type { RunSpec } from "../../run/spec.ts";
import { version } from "../../run/version.ts";
import { chartFigure, diagnosisHtml } from "../diagnose/html.ts";
import { rangeTest } from "./range-test.ts";

export interface RunFacts {
  readonly spec: RunSpec;
  /** "done: 500 of 500 steps in 8 s" */
  readonly headline: string;
  /** Results in the order in which they are shown. */
  readonly results: readonly (readonly [name: string, value: string])[];
  readonly backend: string;
  readonly parameters: number;
}

export async function runPage(judged: Judged, facts: RunFacts, rangeRecord: unknown): Promise<string> {
  const { log, run } = judged;
  const { spec } = facts;
  const { symbol, words } = headlineOf(run);
  const loss = lossChart(log, { title: "Training and validation", findings: run.findings });
  const norm = gradientNormChart(log, { clip: clipOf(spec) });
  const range = rangeTest(rangeRecord);
  const sections: [heading: string, html: string][] = [
    ["Result", factTable(facts.results)],
    ["Loss", await chartFigure(loss, lossWords(log))],
    [`Diagnosis: ${symbol} ${words}`, diagnosisHtml(judged)],
    ...(norm ? [["Gradient norm", await chartFigure(norm, normWords(norm))] as [string, string]] : []),
    ...(range
      ? [
          [
            "Range test",
            `<p>${escapeHtml(range.words)}</p>${await chartFigure(range.chart, range.words)}`,
          ] as [string, string],
        ]
      : []),
    ["Configuration", `<div class="scroll">${factTable(flat(spec))}</div>`],
    ["Environment", factTable(environment(facts))],
  ];
  return reportHtml({
    title: `${spec.name}: report of a training run`,
    heading: spec.name,
    body: [
      `<p class="facts">${escapeHtml(facts.headline)}</p>`,
      ...sections.map(([heading, html]) => `<section>\n<h2>${escapeHtml(heading)}</h2>\n${html}\n</section>`),
    ].join("\n"),
    footer: `steepest ${version}`,
  });
}

function clipOf({ clip }: RunSpec): number | undefined {
  const norm = (clip as Readonly<Record<string, unknown>> | undefined)?.["globalNorm"];
  return typeof norm === "number" ? norm : undefined;
}

/** For people who hear the chart. */
function lossWords(log: RunLog): string {
  const ends = (["loss", "validation"] as const).flatMap((role) => {
    const values = seriesOf(log, role)?.values;
    if (!values || values.length === 0) return [];
    const name = role === "loss" ? "Training loss" : "validation loss";
    return [`${name} from ${showNumber(values[0]!)} to ${showNumber(values[values.length - 1]!)}`];
  });
  return ends.join(", ") || "No loss was logged";
}

const normWords = ({ title, subtitle }: Chart): string =>
  ["Gradient norm", title, subtitle].filter(Boolean).join(": ");

/** `optimizer.lr` → 0.002: every setting, as it was resolved. */
function flat(value: unknown, path = ""): [string, string][] {
  if (!isRecord(value)) return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  return Object.entries(value)
    .filter(([key, v]) => v !== undefined && !key.startsWith("$"))
    .flatMap(([key, v]) => flat(v, path === "" ? key : `${path}.${key}`));
}

function environment({ backend, parameters }: RunFacts): [string, string][] {
  return [
    ["steepest", version],
    ["backend", backend],
    ["parameters", showWhole(parameters)],
    ["Node", process.versions.node],
    ["system", `${process.platform} ${process.arch}`],
    ["processor", `${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores`],
    ["memory", `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ["written", `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`],
  ];
}
