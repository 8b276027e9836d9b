/** The diagnosis as one page without any outside part: the curve is drawn as SVG, and nothing in it runs. */

import {
  baselineLines,
  confidenceWords,
  countWords,
  doseWords,
  evidenceWords,
  type Group,
  groupFindings,
  headlineOf,
  type Judged,
  nameOf,
  placeWords,
  SEVERITIES,
  stepsWords,
  VERDICTS,
  verdictCell,
} from "../../diagnose/words.ts";
import { type Chart, escapeHtml, FIGURE_WIDTHS, figure, lossChart, reportHtml } from "../../plot/index.ts";
import { renderSvgInNode } from "../../plot/node-svg.ts";
import { type RunLog, seriesOf } from "../../run/log.ts";
import { showNumber } from "../../run/show-number.ts";
import { version } from "../../run/version.ts";

export async function reportPage(judged: readonly Judged[]): Promise<string> {
  const sections: string[] = [];
  for (const [i, one] of judged.entries()) {
    const { symbol, words, rate } = headlineOf(one.run);
    sections.push(`<section id="run-${i + 1}">
<h2>${escapeHtml(nameOf(one.run))}</h2>
${await curve(one)}
<h3 class="${rate === null ? one.run.verdict : "critical"}">${symbol} ${escapeHtml(words)}</h3>
${diagnosisHtml(one)}
</section>`);
  }
  const names = judged.map((j) => nameOf(j.run)).slice(0, 3);
  return reportHtml({
    title: `Diagnosis: ${names.join(", ")}`,
    heading: `Diagnosis of ${judged.length === 1 ? "a run" : `${judged.length} runs`}`,
    body: [judged.length > 1 ? tableOf(judged) : "", ...sections].join("\n"),
    footer: `steepest ${version}`,
  });
}

function tableOf(judged: readonly Judged[]): string {
  const rows = judged.map(
    ({ run }, i) =>
      `<tr><td><a href="#run-${i + 1}">${escapeHtml(nameOf(run))}</a></td><td class="${run.verdict}">${VERDICTS[run.verdict].symbol} ${verdictCell(run)}</td><td>${escapeHtml(confidenceWords(run))}</td><td>${run.findings.length}</td></tr>`,
  );
  return `<div class="scroll"><table><thead><tr><th scope="col">run</th><th scope="col">verdict</th><th scope="col">confidence</th><th scope="col">findings</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** What is said of a run under the heading with its verdict. */
export function diagnosisHtml(judged: Judged): string {
  const { log, run } = judged;
  const groups = groupFindings(run.findings);
  const dose = doseWords(judged);
  const { rate } = headlineOf(run);
  const facts = [run.format, countWords(run.points, "point")];
  if (run.steps) facts.push(stepsWords(run.steps, log.stepUnit));
  return `${rate === null ? "" : `<p><strong>${escapeHtml(rate)}</strong></p>\n`}<p class="facts">${escapeHtml(facts.filter(Boolean).join(" · "))}</p>
<p>${escapeHtml(run.reason)}</p>
<p class="action">→ ${escapeHtml(run.action.text)}${dose === null ? "" : ` (${escapeHtml(dose)})`}</p>
${groups.length > 0 ? `<ol>${groups.map((g) => finding(g, log)).join("\n")}</ol>` : "<p>Nothing else stands out.</p>"}
${besideHtml(judged)}${log.notes.length > 0 ? `<h3>Notes of the reader</h3><ul>${log.notes.map((n) => `<li>${escapeHtml(n.text)}</li>`).join("")}</ul>` : ""}`;
}

function besideHtml(judged: Judged): string {
  const lines = baselineLines(judged).map((line) => `<li>${escapeHtml(line)}</li>`);
  return lines.length === 0 ? "" : `<h3>Beside the good run</h3><ul>${lines.join("")}</ul>\n`;
}

function finding(group: Group, log: RunLog): string {
  const { main, severity, title } = group;
  const or =
    main.alternatives.length > 0
      ? `<p class="facts">Or: ${escapeHtml(main.alternatives.join("; "))}.</p>`
      : "";
  const decide = main.decide === "" ? "" : `<p class="facts">Would decide: ${escapeHtml(main.decide)}.</p>`;
  return `<li><h3 class="${severity}">${SEVERITIES[severity].symbol} ${escapeHtml(title)}, ${escapeHtml(placeWords(group, log.stepUnit))}</h3>
<p class="facts">${escapeHtml(evidenceWords(main.evidence))}</p><p>${escapeHtml(main.advice)}</p>${or}${decide}</li>`;
}

async function curve({ log, run }: Judged): Promise<string> {
  const loss = seriesOf(log, "loss")?.values.filter(Number.isFinite) ?? new Float64Array(0);
  if (loss.length < 2) return "";
  const alt = `Loss from ${showNumber(loss[0]!)} to ${showNumber(loss[loss.length - 1]!)}`;
  return chartFigure(lossChart(log, { title: "Loss", findings: run.findings }), alt);
}

/** A chart as the page's figure. */
export async function chartFigure(chart: Chart, alt: string): Promise<string> {
  const draw = (width: number): Promise<string> => renderSvgInNode(chart, { theme: "page", width });
  return figure({ wide: await draw(FIGURE_WIDTHS.wide), narrow: await draw(FIGURE_WIDTHS.narrow) }, alt);
}
