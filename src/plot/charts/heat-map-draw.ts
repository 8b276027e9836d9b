/** A heat map → SVG. Divergence is hatched and the best tile of a row outlined and starred: colour adds, but isn't needed. */
import { showValue } from "../numbers.ts";
import { heading, PAD, page, type RenderOptions } from "../render.ts";
import { element, fitText, textWidth } from "../svg.ts";
import { type Theme, themes } from "../theme/index.ts";
import { type HeatMapPlan, planHeatMap, type RateMap, type Tile } from "./heat-map.ts";
import { text } from "./lines.ts";
import { contrasting, shadeColour } from "./shade.ts";

const ROW = 44;
const GAP = 6;
const LABEL = 12;
const TICK = 11;
const WIDEST_LABEL = 220;
const HATCH = "steepest-hatch";
const SCALE_WIDTH = 130;

/**
 * Draws a map of rates as an SVG element's text: one row an optimizer, one tile a rate. Divergence is
 * hatched, the best tile of a row outlined and starred. Losses above `ceiling` are coloured as it is.
 */
export function renderHeatMap(
  map: RateMap,
  {
    document,
    width = 860,
    theme: themeName = "light",
    ceiling,
  }: Omit<RenderOptions, "height"> & { readonly ceiling?: number },
): string {
  const theme = themes[themeName];
  const plan = planHeatMap(map, ceiling === undefined ? {} : { ceiling });
  const inner = width - 2 * PAD;
  const head = heading(document, map, { inner, theme });
  const legendAt = head.top + 30;
  const labels = plan.rows.map((r) => fitText(r.label, WIDEST_LABEL, LABEL));
  const left = PAD + Math.max(0, ...labels.map((l) => textWidth(l, LABEL))) + 12;
  const bests = plan.rows.map((r) => `${r.tiles.some((t) => t.best) ? "★ " : ""}${r.best}`);
  const right = width - PAD - 12 - Math.max(0, ...bests.map((b) => textWidth(b, LABEL)));
  const top = legendAt + 20;
  const bottom = top + plan.rows.length * (ROW + GAP);
  const toX = scaleX(plan, [left, right]);

  const parts: SVGElement[] = [
    hatching(document, theme),
    ...head.parts,
    ...legend(plan, { x: left, y: legendAt, theme, document }),
    ...plan.rows.flatMap(({ tiles }, i) => {
      const y = top + i * (ROW + GAP);
      const label = text(document, labels[i]!, left - 12, y + ROW / 2 + 4, {
        size: LABEL,
        fill: theme.ink,
        anchor: "end",
      });
      const best = text(document, bests[i]!, right + 12, y + ROW / 2 + 4, { size: LABEL, fill: theme.ink });
      // outlines last, so that no neighbour covers them
      const ordered = [...tiles].sort((a, b) => Number(a.best) - Number(b.best));
      return [
        label,
        best,
        ...ordered.flatMap((t) => drawTile(t, { x1: toX(t.from), x2: toX(t.to), y, theme, document })),
      ];
    }),
    ...axis(plan, { toX, left, right, y: bottom, theme, document }),
  ];
  const height = bottom + 44 + PAD;
  return page(document, { ...map, description: describe(map, plan), width, height, theme }, parts);
}

function scaleX(
  { x: { domain } }: HeatMapPlan,
  [left, right]: readonly [number, number],
): (lr: number) => number {
  const [a, b] = [Math.log(domain[0]), Math.log(domain[1])];
  return (lr) => Math.round((left + ((right - left) * (Math.log(lr) - a)) / (b - a)) * 100) / 100;
}

interface Place {
  readonly theme: Theme;
  readonly document: Document;
}

function drawTile(
  tile: Tile,
  { x1, x2, y, theme, document }: Place & { x1: number; x2: number; y: number },
): SVGElement[] {
  const { loss, shade, best } = tile;
  const box = { x: x1 + 1, y, width: Math.max(1, x2 - x1 - 2), height: ROW };
  const middle = (x1 + x2) / 2;
  if (shade === null || loss === null) {
    const stroke = theme.axis;
    return [element(document, "rect", { ...box, fill: `url(#${HATCH})`, stroke, class: "diverged" })];
  }
  const fill = shadeColour(shade, theme);
  const shown = showValue(loss);
  const ink = contrasting(fill, theme);
  const stroke = best ? { stroke: theme.ink, "stroke-width": 3 } : {};
  const rect = element(document, "rect", { ...box, fill, ...stroke, class: best ? "tile best" : "tile" });
  const content = best ? "★" : textWidth(shown, TICK) + 4 <= box.width ? shown : null;
  if (content === null) return [rect];
  const size = best ? 15 : TICK;
  return [
    rect,
    text(document, content, middle, y + ROW / 2 + size / 3, { size, fill: ink, anchor: "middle" }),
  ];
}

function axis(
  { x }: HeatMapPlan,
  {
    toX,
    left,
    right,
    y,
    theme,
    document,
  }: Place & { toX: (lr: number) => number; left: number; right: number; y: number },
): SVGElement[] {
  const line = (x1: number, length: number): SVGElement =>
    element(document, "line", { x1, x2: x1, y1: y, y2: y + length, stroke: theme.axis });
  return [
    element(document, "line", { x1: left, x2: right, y1: y, y2: y, stroke: theme.axis }),
    ...x.minor.map((t) => line(toX(t), 3)),
    ...x.ticks.map((t) => line(toX(t), 5)),
    ...x.ticks.map((t) =>
      text(document, x.format(t), toX(t), y + 18, { size: TICK, fill: theme.muted, anchor: "middle" }),
    ),
    text(document, "learning rate", (left + right) / 2, y + 38, {
      size: LABEL,
      fill: theme.ink,
      anchor: "middle",
    }),
  ];
}

/** The colours with the losses they stand for, and the two marks. */
function legend(
  { scale, rows }: HeatMapPlan,
  { x, y, theme, document }: Place & { x: number; y: number },
): SVGElement[] {
  const parts: SVGElement[] = [];
  let at = x;
  const word = (content: string): void => {
    parts.push(text(document, content, at, y, { size: TICK, fill: theme.ink }));
    at += textWidth(content, TICK) + 8;
  };
  const swatch = (attributes: Record<string, string | number>): void => {
    parts.push(element(document, "rect", { x: at, y: y - 11, width: 20, height: 14, ...attributes }));
    at += 26;
  };
  if (scale !== null) {
    word(showValue(scale[0]));
    const steps = 26;
    for (let i = 0; i < steps; i++) {
      const fill = shadeColour((i + 0.5) / steps, theme);
      parts.push(
        element(document, "rect", {
          x: at + (i * SCALE_WIDTH) / steps,
          y: y - 11,
          width: SCALE_WIDTH / steps + 0.4,
          height: 14,
          fill,
        }),
      );
    }
    at += SCALE_WIDTH + 8;
    word(`${showValue(scale[1])} or more`);
    at += 14;
    swatch({ fill: "none", stroke: theme.ink, "stroke-width": 3 });
    word("★ best rate of its optimizer");
    at += 14;
  }
  if (rows.some((r) => r.tiles.some((t) => t.shade === null))) {
    swatch({ fill: `url(#${HATCH})`, stroke: theme.axis });
    word("diverged");
  }
  return parts;
}

const hatching = (document: Document, theme: Theme): SVGElement =>
  element(document, "defs", {}, [
    element(document, "pattern", { id: HATCH, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, [
      element(document, "path", {
        d: "M-2,2l4,-4M0,8l8,-8M6,10l4,-4",
        stroke: theme.muted,
        "stroke-width": 1.2,
      }),
    ]),
  ]);

/** For people who hear the picture. */
const describe = ({ subtitle, lossLabel }: RateMap, { rows }: HeatMapPlan): string =>
  [subtitle, `Least ${lossLabel}: ${rows.map((r) => `${r.label} ${r.best}`).join("; ")}`]
    .filter(Boolean)
    .join(". ");
