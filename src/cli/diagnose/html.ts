/** The diagnosis as one page without any outside part: the curve is drawn as SVG, and nothing in it runs. */
import { lossChart } from "../../plot/index.ts";
import { renderSvgInNode } from "../../plot/node-svg.ts";
import { type RunLog, seriesOf } from "../../run/log.ts";
import { version } from "../../run/version.ts";
import { showNumber } from "../terminal.ts";
import {
  confidenceWords,
  doseWords,
  evidenceWords,
  type Group,
  groupFindings,
  type Judged,
  nameOf,
  placeWords,
  SEVERITIES,
  stepsWords,
  VERDICTS,
} from "./words.ts";

export function escapeHtml(text: string): string {
  const codes: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (c) => codes[c]!);
}

export async function reportPage(judged: readonly Judged[]): Promise<string> {
  const sections: string[] = [];
  for (const [i, one] of judged.entries()) sections.push(section(one, i, await curve(one)));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Diagnosis: ${escapeHtml(
    judged
      .map((j) => nameOf(j.run))
      .slice(0, 3)
      .join(", "),
  )}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Diagnosis of ${judged.length === 1 ? "a run" : `${judged.length} runs`}</h1>
${judged.length > 1 ? tableOf(judged) : ""}
${sections.join("\n")}
<footer>steepest ${escapeHtml(version)}</footer>
</main>
</body>
</html>
`;
}

function tableOf(judged: readonly Judged[]): string {
  const rows = judged.map(
    ({ run }, i) =>
      `<tr><td><a href="#run-${i + 1}">${escapeHtml(nameOf(run))}</a></td><td class="${run.verdict}">${VERDICTS[run.verdict].symbol} ${run.verdict}</td><td>${escapeHtml(confidenceWords(run))}</td><td>${run.findings.length}</td></tr>`,
  );
  return `<table><thead><tr><th>run</th><th>verdict</th><th>confidence</th><th>findings</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function section(judged: Judged, i: number, figure: string): string {
  const { log, run } = judged;
  const groups = groupFindings(run.findings);
  const { symbol, words } = VERDICTS[run.verdict];
  const dose = doseWords(judged);
  const sure = confidenceWords(run);
  const facts = [run.format, `${run.points.toLocaleString("en")} points`];
  if (run.steps) facts.push(stepsWords(run.steps, log.stepUnit));
  return `<section id="run-${i + 1}">
<h2 class="${run.verdict}">${symbol} ${words}${sure && ` — ${escapeHtml(sure)}`}</h2>
<p class="facts">${escapeHtml([nameOf(run), ...facts].join(" · "))}</p>
<p>${escapeHtml(run.reason)}</p>
${figure}
<p class="action">→ ${escapeHtml(run.action.text)}${dose === null ? "" : ` (${escapeHtml(dose)})`}</p>
${groups.length > 0 ? `<ol>${groups.map((g) => finding(g, log)).join("\n")}</ol>` : "<p>Nothing else stands out.</p>"}
${log.notes.length > 0 ? `<h3>Notes of the reader</h3><ul>${log.notes.map((n) => `<li>${escapeHtml(n.text)}</li>`).join("")}</ul>` : ""}
</section>`;
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

/** In both themes; the style sheet shows the one the reader's system asks for. */
async function curve({ log, run }: Judged): Promise<string> {
  const loss = seriesOf(log, "loss")?.values.filter(Number.isFinite) ?? new Float64Array(0);
  if (loss.length < 2) return "";
  const chart = lossChart(log, { title: "Loss", findings: run.findings });
  const [light, dark] = await Promise.all([
    renderSvgInNode(chart, { theme: "light" }),
    renderSvgInNode(chart, { theme: "dark" }),
  ]);
  const words = `Loss from ${showNumber(loss[0]!)} to ${showNumber(loss[loss.length - 1]!)}`;
  return `<figure role="img" aria-label="${words}"><div class="light">${light}</div><div class="dark">${dark}</div></figure>`;
}

const STYLE = `
:root{color-scheme:light dark;--fg:#1c1f24;--bg:#fff;--dim:#5c6470;--line:#d5d9df;--curve:#0b6bcb;--red:#b3261e;--amber:#8a5a00;--blue:#2a5b9e;--green:#1b7a3d}
@media (prefers-color-scheme:dark){:root{--fg:#e6e8eb;--bg:#14171b;--dim:#a0a8b3;--line:#343a43;--curve:#6cb6ff;--red:#ff8a80;--amber:#ffca6b;--blue:#8fbcff;--green:#7bd88f}}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
main{max-width:900px;margin:0 auto;padding:1rem}
h1{font-size:1.4rem}h2{font-size:1.2rem;margin-bottom:.2rem}h3{font-size:1rem;margin:.6rem 0 0}
p{margin:.3rem 0}.facts,footer{color:var(--dim);font-size:.9rem;overflow-wrap:anywhere}.action{font-weight:600}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid var(--line)}a{color:var(--curve)}
section{border-top:1px solid var(--line);margin-top:1.2rem}
figure{margin:.6rem 0}svg{width:100%;height:auto}.dark{display:none}
.too-high,.critical{color:var(--red)}.slightly-high,.warning{color:var(--amber)}.good{color:var(--green)}.too-low,.info{color:var(--blue)}
@media (prefers-color-scheme:dark){.light{display:none}.dark{display:block}}
`;
