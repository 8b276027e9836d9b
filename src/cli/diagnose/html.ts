/** The diagnosis as one page without any outside part: the curve is drawn as SVG, and nothing in it runs. */
import { type RunLog, seriesOf } from "../../run/log.ts";
import { version } from "../../run/version.ts";
import { showNumber } from "../terminal.ts";
import { chooseAxis } from "./sketch.ts";
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

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [860, 300, 70, 46, 12];
/** Buckets of the drawn curve: each keeps its least and greatest value. */
const BUCKETS = 800;

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

export function reportPage(judged: readonly Judged[]): string {
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
${judged.map(section).join("\n")}
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

function section(judged: Judged, i: number): string {
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
${curve(log, groups)}
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

function curve(log: RunLog, groups: readonly Group[]): string {
  const series = seriesOf(log, "loss");
  const values = series?.values.filter(Number.isFinite);
  if (!series || !values || values.length < 2) return "";
  const axis = chooseAxis(series.values);
  const [first, last] = [series.steps[0]!, series.steps[series.steps.length - 1]!];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    low = Math.min(low, axis.to(v));
    high = Math.max(high, axis.to(v));
  }
  if (low === high) [low, high] = [low - 1, high + 1];
  const x = (step: number): number =>
    LEFT + (last > first ? (step - first) / (last - first) : 0.5) * (WIDTH - LEFT - 10);
  const y = (loss: number): number =>
    TOP + (1 - (axis.to(loss) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const floor = HEIGHT - BOTTOM;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((q) => {
    const value = axis.back(low + q * (high - low));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - 10}" y1="${n(y(value))}" y2="${n(y(value))}"/><text x="${LEFT - 8}" y="${n(y(value) + 4)}" text-anchor="end">${showNumber(Number(value.toPrecision(3)))}</text>`;
  });
  const bad = [...series.values.keys()].filter((i) => !Number.isFinite(series.values[i]!));
  const crosses = spread(
    bad.map((i) => x(series.steps[i]!)),
    4,
  ).map((at) => `<text class="critical" x="${n(at)}" y="${floor - 4}" text-anchor="middle">✗</text>`);
  const marks = groups.flatMap((g) => {
    if (g.events === null) {
      const [from, to] = [x(g.main.steps[0]), x(g.main.steps[1])];
      return [
        `<rect class="${g.severity}" x="${n(from)}" y="${TOP}" width="${n(Math.max(2, to - from))}" height="${floor - TOP}"/><text class="${g.severity}" x="${n(from + 3)}" y="${TOP + 12 * g.number}">${g.number}</text>`,
      ];
    }
    return spread(g.events.map(x), 10).map(
      (at) =>
        `<line class="${g.severity}" x1="${n(at)}" x2="${n(at)}" y1="${TOP}" y2="${floor}"/><text class="${g.severity}" x="${n(at + 2)}" y="${TOP + 12 * g.number}">${g.number}</text>`,
    );
  });
  const lines = paths(series.steps, series.values).map(
    (points) => `<polyline points="${points.map(([s, v]) => `${n(x(s))},${n(y(v))}`).join(" ")}"/>`,
  );
  const label = `Loss from ${showNumber(values[0]!)} to ${showNumber(values[values.length - 1]!)} over ${log.stepUnit}s ${first} to ${last}`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">
${ticks.join("")}${marks.join("")}${lines.join("")}${crosses.join("")}
<text x="${LEFT}" y="${floor + 18}">${first}</text><text x="${WIDTH - 10}" y="${floor + 18}" text-anchor="end">${log.stepUnit} ${last}</text>
<text x="${LEFT}" y="${HEIGHT - 6}">${escapeHtml(series.name)}${axis.kind === "linear" ? "" : ` (${axis.kind} axis)`}</text>
</svg>`;
}

const n = (value: number): string => value.toFixed(1);

/** Places at least `apart` from each other. */
function spread(places: readonly number[], apart: number): number[] {
  const out: number[] = [];
  for (const at of places) if (out.length === 0 || at - out[out.length - 1]! >= apart) out.push(at);
  return out;
}

/** Unbroken stretches of finite points, thinned to the extremes of each bucket. */
function paths(steps: Float64Array, values: Float64Array): [number, number][][] {
  const out: [number, number][][] = [];
  const size = Math.max(1, Math.ceil(values.length / BUCKETS));
  let current: [number, number][] = [];
  const close = (): void => {
    if (current.length > 0) out.push(current);
    current = [];
  };
  for (let from = 0; from < values.length; from += size) {
    let [least, most] = [-1, -1];
    for (let i = from; i < Math.min(values.length, from + size); i++) {
      if (!Number.isFinite(values[i]!)) continue;
      if (least < 0 || values[i]! < values[least]!) least = i;
      if (most < 0 || values[i]! > values[most]!) most = i;
    }
    if (least < 0) close();
    else
      for (const i of new Set([Math.min(least, most), Math.max(least, most)]))
        current.push([steps[i]!, values[i]!]);
  }
  close();
  return out;
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
svg{width:100%;height:auto;font-size:12px}svg text{fill:var(--dim)}.grid{stroke:var(--line)}
polyline{fill:none;stroke:var(--curve);stroke-width:1.4;stroke-linejoin:round}
.too-high,.critical{color:var(--red)}.slightly-high,.warning{color:var(--amber)}.good{color:var(--green)}.too-low,.info{color:var(--blue)}
svg text.critical{fill:var(--red)}svg text.warning{fill:var(--amber)}svg text.info{fill:var(--blue)}
svg line.critical{stroke:var(--red)}svg line.warning{stroke:var(--amber)}svg line.info{stroke:var(--blue);opacity:.5}
svg rect{opacity:.1}rect.critical{fill:var(--red)}rect.warning{fill:var(--amber)}rect.info{fill:var(--blue)}
`;
