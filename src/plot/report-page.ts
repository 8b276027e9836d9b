/** A self-contained page: nothing in it is fetched or runs, and it follows the reader's light or dark setting. */
import { pageColours } from "./theme/index.ts";

const CODES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML shows it: the characters that mean something there are spelled. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => CODES[c]!);

/** What a report's page is made of. */
export interface Page {
  readonly title: string;
  /** Of the whole page. */
  readonly heading: string;
  /** HTML. */
  readonly body: string;
  readonly footer: string;
}

/**
 * A whole HTML page that needs nothing from elsewhere: styles inside, no scripts, a policy that forbids
 * loading anything.
 */
export function reportHtml({ title, heading, body, footer }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(heading)}</h1>
${body}
<footer>${escapeHtml(footer)}</footer>
</main>
</body>
</html>
`;
}

/** Widths in px that a figure is drawn for; a style sheet can't reflow an SVG's text. */
export const FIGURE_WIDTHS = { wide: 860, narrow: 400 } as const;

/** One picture in two widths; `alt` is what it shows, in words. SVGs as `renderSvg` makes them with the theme `page`. */
export function figure(svg: { readonly wide: string; readonly narrow: string }, alt: string): string {
  return `<figure role="img" aria-label="${escapeHtml(alt)}"><div class="wide">${svg.wide}</div><div class="narrow">${svg.narrow}</div></figure>`;
}

/** Facts as a table of two columns. */
export function factTable(facts: readonly (readonly [name: string, value: string])[]): string {
  const rows = facts.map(
    ([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<table class="pairs"><tbody>${rows.join("")}</tbody></table>`;
}

const STYLE = `
:root{color-scheme:light dark;${pageColours("light")};--low:#2a5b9e;--good:#1b7a3d}
@media (prefers-color-scheme:dark){:root{${pageColours("dark")};--low:#8fbcff;--good:#7bd88f}}
*{box-sizing:border-box}
body{margin:0;background:var(--plot-background);color:var(--plot-ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1,h2,h3{overflow-wrap:anywhere;line-height:1.3}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.2rem;margin:0 0 .2rem}h3{font-size:1rem;margin:.8rem 0 0}
p{margin:.3rem 0}.facts,footer{color:var(--plot-muted);font-size:.9rem;overflow-wrap:anywhere}.action{font-weight:600}
.scroll{overflow-x:auto}table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.25rem .9rem .25rem 0;border-bottom:1px solid var(--plot-grid)}
.pairs th{font-weight:400;color:var(--plot-muted)}.pairs td{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
td:first-child{overflow-wrap:anywhere;min-width:8rem}a{color:var(--plot-series-0)}
section{border-top:1px solid var(--plot-grid);margin-top:1.4rem;padding-top:1rem}footer{margin-top:2rem}
ol{padding-left:1.4rem}figure{margin:.8rem 0}svg{display:block;width:100%;height:auto}.narrow{display:none}
.too-high,.critical{color:var(--plot-critical)}.slightly-high,.warning{color:var(--plot-warning)}.good{color:var(--good)}.too-low{color:var(--low)}.info,.inconclusive{color:var(--plot-muted)}
@media (max-width:600px){.wide{display:none}.narrow{display:block}ol{padding-left:1.1rem}}
`;
