/** Curves over a common x, with their axes, ranges, rules, marks for non-finite values and labels, as one SVG group. */
import * as Plot from "@observablehq/plot";
import { element, fitText } from "../svg.ts";
import { dashOf, FONT, markerOf, strokeOf, type Theme, type Tone } from "../theme/index.ts";
import { endLabels, NOTE, pixelScale, placeNotes } from "./lines-place.ts";
import { type Curve, LABEL, type LinesPlan, type Point, TICK } from "./lines-plan.ts";

const ROW = 15;
/** px of a tick that stands for a rule. */
const TICK_LENGTH = 9;

/** Plot declares that its functions return Mark and take RenderableMark; they are the same objects. */
export const drawable = (marks: readonly (Plot.Mark | null)[]): Plot.Markish[] =>
  marks as Plot.RenderableMark[];

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The panel below has the same x axis: leave ticks and label to it. */
  readonly hideX: boolean;
}

/** What a panel's pieces are drawn from. */
interface Scene {
  readonly plan: LinesPlan;
  readonly box: Box;
  readonly theme: Theme;
  readonly frame: readonly [number, number];
  readonly marginTop: number;
  readonly marginBottom: number;
  readonly toneOf: (n: { readonly tone?: Tone }) => string;
}

export function drawLines(plan: LinesPlan, box: Box, theme: Theme, document: Document): SVGElement {
  const { x, y, notes } = plan;
  const frame: readonly [number, number] = [box.left, box.width - box.right];
  const placed = placeNotes(notes, pixelScale(x, frame), frame);
  const rows = placed.length === 0 ? 0 : Math.max(...placed.map((p) => p.row)) + 1;
  const marginTop = 8 + rows * ROW;
  const marginBottom = box.hideX ? 8 : 46;
  const toneOf = (n: { readonly tone?: Tone }): string => theme.tones[n.tone ?? "info"];
  const scene: Scene = { plan, box, theme, frame, marginTop, marginBottom, toneOf };
  const plot = Plot.plot({
    document,
    width: box.width,
    height: box.height,
    marginLeft: box.left,
    marginRight: box.right,
    marginTop,
    marginBottom,
    style: { fontFamily: FONT },
    x: { type: x.type, domain: [...x.domain], clamp: true, axis: null },
    y: { type: y.type, domain: [...y.domain], clamp: true, axis: null },
    marks: drawable([...ground(scene), ...axes(scene), ...curveMarks(scene)]),
  }) as SVGElement & { scale(name: string): { apply(v: number): number } };
  const yPx = (v: number): number => plot.scale("y").apply(v);
  return plotGroup(plot, textsOf(scene, { placed, yPx, document }), box.top, document);
}

/** Behind everything: grid, shaded ranges, gaps, rules and levels. */
function ground({ plan, box, theme, marginTop, marginBottom, toneOf }: Scene): (Plot.Mark | null)[] {
  const { panel, x, y, notes } = plan;
  const clampX = ([from, to]: Point): Point => [Math.max(from, x.domain[0]), Math.min(to, x.domain[1])];
  const ranges = notes.filter((n) => n.to > n.from);
  const rules = notes.filter((n) => n.to === n.from);
  return [
    Plot.gridY([...y.ticks], { stroke: theme.grid, strokeOpacity: 1 }),
    Plot.gridY([...y.minor], { stroke: theme.grid, strokeOpacity: 0.5 }),
    x.type === "log" ? Plot.gridX([...x.ticks], { stroke: theme.grid, strokeOpacity: 1 }) : null,
    ...ranges.map((n) => {
      const [x1, x2] = clampX([n.from, n.to]);
      return Plot.rectX([0], {
        x1: () => x1,
        x2: () => x2,
        fill: toneOf(n),
        fillOpacity: theme.shade,
        className: "range",
      });
    }),
    ...holesOf(plan)
      .filter((g) => g.to > g.from && !ranges.some((r) => r.from <= g.from && g.to <= r.to))
      .map((g) =>
        Plot.rectX([0], {
          x1: () => g.from,
          x2: () => g.to,
          fill: theme.tones.critical,
          fillOpacity: theme.shade,
          className: "gap",
        }),
      ),
    ...rules.map((n) =>
      Plot.ruleX(
        [n.from],
        n.tick
          ? {
              stroke: toneOf(n),
              strokeWidth: 2,
              insetBottom: Math.max(0, box.height - marginTop - marginBottom - TICK_LENGTH),
              className: "tick",
            }
          : { stroke: toneOf(n), strokeDasharray: "3 3", className: "note" },
      ),
    ),
    ...(panel.levels ?? []).map((l) =>
      Plot.ruleY([l.y], { stroke: toneOf(l), strokeDasharray: "6 3", className: "level" }),
    ),
  ];
}

function axes({ plan: { x, y }, box, theme }: Scene): Plot.Mark[] {
  return [
    Plot.axisX(box.hideX ? [] : [...x.ticks], {
      tickFormat: (t: unknown) => x.format(Number(t)),
      fontSize: TICK,
      color: theme.muted,
      tickSize: 4,
      label: null,
    }),
    Plot.axisY([...y.ticks], {
      tickFormat: (t: unknown) => y.format(Number(t)),
      fontSize: TICK,
      color: theme.muted,
      tickSize: 0,
      tickPadding: 8,
      label: null,
    }),
    Plot.ruleY([y.domain[0]], { stroke: theme.axis }),
  ];
}

/** Where curves have no value, at most 100 places a curve. */
const holesOf = ({ curves }: LinesPlan): { from: number; to: number; slot: number }[] =>
  curves.flatMap((c) => c.gaps.slice(0, 100).map((g) => ({ ...g, slot: c.slot })));

/** The curves, what they were before smoothing, their dots, and crosses where they have no value. */
function curveMarks({ plan, theme }: Scene): Plot.Mark[] {
  const { curves, ghosts } = plan;
  return [
    ...[
      ...ghosts.map((g) => ({ ...g, steps: false })),
      ...curves.flatMap((c) => (c.ghost ? [{ ...c, line: c.ghost }] : [])),
    ].map((g) =>
      line(
        g.line,
        {
          stroke: strokeOf(theme, g),
          strokeWidth: 1,
          strokeOpacity: theme.ghost,
          className: "raw",
        },
        g,
      ),
    ),
    ...curves.map((c) =>
      line(
        c.line,
        {
          stroke: strokeOf(theme, c),
          strokeWidth: 2,
          className: "series",
          ...(dashOf(c.slot) && { strokeDasharray: dashOf(c.slot)! }),
        },
        c,
      ),
    ),
    ...curves
      .filter((c) => c.dots)
      .map((c) =>
        Plot.dot(
          c.line.filter(([, v]) => Number.isFinite(v)),
          {
            x: ([v]: Point) => v,
            y: ([, v]: Point) => v,
            symbol: markerOf(c.slot),
            r: 3.6,
            fill: strokeOf(theme, c),
            stroke: theme.background,
            strokeWidth: 1,
            className: "points",
          },
        ),
      ),
    Plot.dot(holesOf(plan), {
      x: "from",
      frameAnchor: "top",
      dy: 8,
      symbol: "times",
      r: 5,
      stroke: theme.tones.critical,
      strokeWidth: 2,
      className: "non-finite",
    }),
  ];
}

/** Labels of notes, levels, curves' ends and axes; why nothing is drawn where that is so. */
function textsOf(
  { plan: { panel, curves }, box, theme, frame, marginTop, marginBottom, toneOf }: Scene,
  {
    placed,
    yPx,
    document,
  }: { placed: ReturnType<typeof placeNotes>; yPx: (v: number) => number; document: Document },
): SVGElement[] {
  const bottom = box.height - marginBottom;
  const texts: SVGElement[] = [
    ...placed.map((p) =>
      text(document, p.shown, p.at, marginTop - 6 - p.row * ROW, {
        size: NOTE,
        fill: toneOf(p),
        weight: 700,
      }),
    ),
    ...(panel.levels ?? []).map((l) =>
      text(document, l.label, frame[1] - 6, yPx(l.y) - 5, {
        size: NOTE,
        fill: toneOf(l),
        anchor: "end",
        weight: 700,
      }),
    ),
    ...endLabels(curves, yPx, [marginTop, bottom]).map(({ label, at, ...look }) =>
      text(document, label, frame[1] + 7, at + 4, { size: TICK, fill: strokeOf(theme, look), weight: 700 }),
    ),
    yLabel(panel.y.label, (marginTop + bottom) / 2, bottom - marginTop, theme, document),
  ];
  if (!box.hideX) {
    const middle = (frame[0] + frame[1]) / 2;
    texts.push(
      text(document, panel.x.label, middle, box.height - 8, {
        size: LABEL,
        fill: theme.ink,
        anchor: "middle",
      }),
    );
  }
  if (curves.every((c) => c.empty)) {
    const why = curves.some((c) => c.line.length > 0) ? "no finite values" : "no points";
    const middle = (frame[0] + frame[1]) / 2;
    texts.push(
      text(document, why, middle, (marginTop + bottom) / 2, {
        size: 13,
        fill: theme.muted,
        anchor: "middle",
      }),
    );
  }
  return texts;
}

function line(points: readonly Point[], style: Plot.LineOptions, { steps }: Pick<Curve, "steps">): Plot.Mark {
  return Plot.line(points as Point[], {
    x: ([v]: Point) => v,
    y: ([, v]: Point) => v,
    curve: steps ? "step-after" : "linear",
    strokeLinejoin: "round",
    strokeLinecap: "round",
    ...style,
  });
}

export function text(
  document: Document,
  content: string,
  x: number,
  y: number,
  { size, fill, anchor = "start", weight }: { size: number; fill: string; anchor?: string; weight?: number },
): SVGElement {
  return element(
    document,
    "text",
    { x: round(x), y: round(y), "font-size": size, fill, "text-anchor": anchor, "font-weight": weight },
    [content],
  );
}

function yLabel(label: string, middle: number, room: number, theme: Theme, document: Document): SVGElement {
  const made = text(document, fitText(label, room, LABEL), 0, 0, {
    size: LABEL,
    fill: theme.ink,
    anchor: "middle",
  });
  made.setAttribute("transform", `translate(${LABEL + 2},${round(middle)}) rotate(-90)`);
  return made;
}

const round = (v: number): number => Math.round(v * 100) / 100;

/** Plot's own root element carries a style sheet for pages; a group with its attributes draws the same anywhere. */
export function plotGroup(
  plot: SVGElement,
  more: readonly SVGElement[],
  top: number,
  document: Document,
): SVGElement {
  const group = element(document, "g", {
    transform: `translate(0,${round(top)})`,
    "aria-label": "panel",
    "text-anchor": "middle",
    "font-family": FONT,
  });
  for (const child of [...plot.childNodes]) {
    if ((child as Element).localName !== "style") group.appendChild(child);
  }
  for (const child of more) group.appendChild(child);
  return group;
}
