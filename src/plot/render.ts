/** Chart → SVG: title, legend, panels below each other, small print. The document is the caller's. */
import type { Chart } from "./chart.ts";
import { drawLines, text } from "./charts/lines.ts";
import { type LegendItem, type LinesPlan, planChart } from "./charts/lines-plan.ts";
import { element, fitText, SVG_NS, serialize, textWidth } from "./svg.ts";
import { dashOf, FONT, markerPath, strokeOf, type Theme, type ThemeName, themes } from "./theme/index.ts";

/** `Document` where the project's types know the DOM, any object where they don't. */
export type HostDocument = typeof globalThis extends { document: infer D } ? D : object;

/** How a chart is drawn: which document makes its elements, how large, in which colours. */
export interface RenderOptions {
  /** A browser's document, or linkedom's. Nothing is added to it. */
  readonly document: HostDocument;
  /** px. Default 860. */
  readonly width?: number;
  /** px. Default 440, and 150 more for every further panel. */
  readonly height?: number;
  readonly theme?: ThemeName;
}

/** px around everything. */
export const PAD = 18;
const LEGEND_ROW = 20;
const SWATCH = 34;

/** A complete SVG file as text, its text as text. */
export function renderSvg(
  chart: Chart,
  {
    document,
    width = 860,
    height = 440 + 150 * Math.max(0, chart.panels.length - 1),
    theme: themeName = "light",
  }: RenderOptions,
): string {
  const theme = themes[themeName];
  const inner = width - 2 * PAD;
  const plans = planChart(chart, inner);
  const head = heading(document, chart, { inner, theme });
  const parts: SVGElement[] = [...head.parts];
  let { top } = head;
  top += 8;
  for (const row of legendRows(plans, inner)) {
    top += LEGEND_ROW;
    parts.push(legendRow(row, top, theme, document));
  }
  top += 10;
  const bottom = height - (chart.caption ? PAD + 20 : PAD);
  const left = Math.max(0, ...plans.map((p) => p.left));
  const right = Math.max(0, ...plans.map((p) => p.right));
  const weights = plans.map((p) => p.panel.weight ?? 1);
  const total = weights.reduce((a, b) => a + b, 0);
  let y = top;
  plans.forEach((plan, i) => {
    const share = ((bottom - top) * weights[i]!) / total;
    const hideX = plans[i + 1] !== undefined && plans[i + 1]!.x === plan.x;
    const panel = drawLines(
      plan,
      { left, right, top: y, width: inner, height: Math.max(60, share), hideX },
      theme,
      document,
    );
    panel.setAttribute("transform", `translate(${PAD},${Math.round(y * 100) / 100})`);
    parts.push(panel);
    y += share;
  });
  const description = describe(chart);
  return page(document, { ...chart, description, width, height, theme }, parts);
}

export interface Heading {
  readonly title: string;
  readonly subtitle?: string;
  /** Small print below. */
  readonly caption?: string;
}

/** Title and subtitle, and where what follows may begin. */
export function heading(
  document: Document,
  { title, subtitle }: Heading,
  { inner, theme }: { inner: number; theme: Theme },
): { readonly parts: SVGElement[]; readonly top: number } {
  const top = PAD + 14;
  const first = text(document, fitText(title, inner / 1.1, 16), PAD, top, {
    size: 16,
    fill: theme.ink,
    weight: 700,
  });
  if (!subtitle) return { parts: [first], top };
  const second = text(document, fitText(subtitle, inner, 12), PAD, top + 19, { size: 12, fill: theme.muted });
  return { parts: [first, second], top: top + 19 };
}

/** A complete SVG file: the background, the parts, the caption. */
export function page(
  document: Document,
  {
    title,
    caption,
    description,
    width,
    height,
    theme,
  }: Heading & { description: string; width: number; height: number; theme: Theme },
  parts: readonly SVGElement[],
): string {
  const small = caption && fitText(caption, width - 2 * PAD, 11);
  const root = element(
    document,
    "svg",
    {
      xmlns: SVG_NS,
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "font-family": FONT,
      color: theme.ink,
    },
    [
      element(document, "title", {}, [title]),
      element(document, "desc", {}, [description]),
      element(document, "rect", { width, height, fill: theme.background }),
      ...parts,
      ...(small ? [text(document, small, PAD, height - PAD, { size: 11, fill: theme.muted })] : []),
    ],
  );
  return `${serialize(root)}\n`;
}

/** Names that need telling apart: all series when there are several of them, each once. */
function legendRows(plans: readonly LinesPlan[], width: number): LegendItem[][] {
  const items = new Map<string, LegendItem>();
  for (const { curves } of plans) {
    if (curves.length < 2 && !curves.some((c) => c.smooth > 0)) continue;
    for (const c of curves) {
      const name = c.smooth > 0 ? `${c.name} (thin: raw, thick: averaged with weight ${c.smooth})` : c.name;
      items.set(`${c.slot} ${name}`, { ...c, name: fitText(name, width - SWATCH, 12) });
    }
  }
  const rows: LegendItem[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const item of items.values()) {
    const need = SWATCH + textWidth(item.name, 12) + 22;
    if (used + need > width + 22) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)!.push(item);
    used += need;
  }
  return rows;
}

function legendRow(items: readonly LegendItem[], y: number, theme: Theme, document: Document): SVGElement {
  const group = element(document, "g", { "aria-label": "legend" });
  let x = PAD;
  for (const item of items) {
    const { name, slot, dots } = item;
    const stroke = strokeOf(theme, item);
    group.appendChild(
      element(document, "line", {
        x1: x,
        x2: x + SWATCH - 8,
        y1: y - 4,
        y2: y - 4,
        stroke,
        "stroke-width": 2,
        "stroke-linecap": "round",
        "stroke-dasharray": dashOf(slot),
      }),
    );
    if (dots) {
      const d = markerPath(slot);
      group.appendChild(
        element(document, "path", {
          d,
          transform: `translate(${x + (SWATCH - 8) / 2},${y - 4})`,
          fill: stroke,
        }),
      );
    }
    group.appendChild(text(document, name, x + SWATCH, y, { size: 12, fill: theme.ink }));
    x += SWATCH + textWidth(name, 12) + 22;
  }
  return group;
}

/** For people who hear the chart. */
function describe({ subtitle, panels }: Chart): string {
  const shown = panels.map(
    (p) => `${p.y.label} over ${p.x.label}: ${p.series.map((s) => s.name).join(", ") || "no series"}`,
  );
  return [subtitle, ...shown].filter(Boolean).join(". ");
}
