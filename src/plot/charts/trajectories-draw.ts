/** A map of paths → SVG: shaded contours, a path for each optimizer, its name beside it, and a legend with what it did. */
import * as Plot from "@observablehq/plot";
import { heading, PAD, page, type RenderOptions } from "../render.ts";
import { element, fitText, textWidth } from "../svg.ts";
import { colourOf, dashOf, FONT, markerPath, type Theme, themes } from "../theme/index.ts";
import { drawable, plotGroup, text } from "./lines.ts";
import {
  type PlannedPath,
  planTrajectories,
  type TrajectoryMap,
  type TrajectoryPlan,
} from "./trajectories.ts";

const TICK = 11;
const LABEL = 12;
const LEGEND = 210;
const LEGEND_ROW = 36;
/** Narrower charts have their legend below. */
const BESIDE_FROM = 640;
const MARGIN = { left: 52, right: 10, top: 8, bottom: 42 } as const;

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
type Pixel = readonly [x: number, y: number];

interface Drawing {
  readonly theme: Theme;
  readonly document: Document;
  readonly frame: Frame;
  readonly toPixel: (at: readonly number[]) => Pixel;
}

/** Draws contours of the function and the paths over them, as an SVG element's text. */
export function renderTrajectories(
  map: TrajectoryMap,
  { document, width = 860, height, theme: themeName = "light" }: RenderOptions,
): string {
  const theme = themes[themeName];
  const plan = planTrajectories(map);
  const inner = width - 2 * PAD;
  const beside = width >= BESIDE_FROM;
  const head = heading(document, map, { inner, theme });
  const top = head.top + 10;
  const legendHeight = plan.paths.length * LEGEND_ROW + 30;
  const mapWidth = beside ? inner - LEGEND : inner;
  const total =
    height ?? (beside ? Math.max(560, top + legendHeight + PAD) : top + 0.85 * width + legendHeight + PAD);
  const mapHeight = (beside ? total - PAD : total - legendHeight - PAD) - top - (map.caption ? 18 : 0);

  const plot = contourPlot(map, plan, { width: mapWidth, height: mapHeight, theme, document });
  const frame: Frame = {
    left: MARGIN.left,
    right: mapWidth - MARGIN.right,
    top: MARGIN.top,
    bottom: mapHeight - MARGIN.bottom,
  };
  const toPixel = pixels(plan, frame);
  const drawing: Drawing = { theme, document, frame, toPixel };
  const labels = placeLabels(plan.paths, drawing);
  const drawn = [
    ...plan.paths.flatMap((p) => drawPath(p, drawing)),
    ...(map.minima ?? []).flatMap((m) => drawMinimum(m, map, drawing)),
    ...plan.starts.map((s) => drawStart(toPixel(s), drawing)),
    ...labels,
    ...axisLabels(map, drawing, mapHeight),
  ];
  const group = plotGroup(plot, drawn, top, document);
  group.setAttribute("transform", `translate(${PAD},${top})`);
  const legendAt: Pixel = beside ? [PAD + mapWidth + 14, top + 20] : [PAD, top + mapHeight + 22];
  const parts = [
    ...head.parts,
    group,
    ...legend(plan.paths, legendAt, {
      width: beside ? LEGEND - 14 : inner,
      theme,
      document,
      minima: (map.minima ?? []).length > 0,
    }),
  ];
  return page(document, { ...map, description: describe(map), width, height: total, theme }, parts);
}

function contourPlot(
  { grid, x, y }: TrajectoryMap,
  { heights, levels, x: xAxis, y: yAxis }: TrajectoryPlan,
  { width, height, theme, document }: { width: number; height: number; theme: Theme; document: Document },
): SVGElement {
  const marks = drawable([
    ...(levels.length === 0
      ? []
      : [
          Plot.contour(heights, {
            width: grid.columns,
            height: grid.rows,
            x1: x.domain[0],
            x2: x.domain[1],
            y1: y.domain[0],
            y2: y.domain[1],
            thresholds: [...levels],
            // each level lies on those below it: what is high is dark
            fill: theme.ink,
            fillOpacity: 0.013,
            stroke: theme.muted,
            strokeOpacity: 0.4,
            strokeWidth: 0.7,
            className: "contours",
          }),
        ]),
    Plot.axisX([...xAxis.ticks], {
      tickFormat: (t: unknown) => xAxis.format(Number(t)),
      fontSize: TICK,
      color: theme.muted,
      tickSize: 4,
      label: null,
    }),
    Plot.axisY([...yAxis.ticks], {
      tickFormat: (t: unknown) => yAxis.format(Number(t)),
      fontSize: TICK,
      color: theme.muted,
      tickSize: 4,
      label: null,
    }),
    Plot.frame({ stroke: theme.axis }),
  ]);
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    style: { fontFamily: FONT },
    x: { domain: [...xAxis.domain], axis: null },
    y: { domain: [...yAxis.domain], axis: null },
    marks,
  }) as SVGElement;
}

function pixels({ x, y }: TrajectoryPlan, f: Frame): (at: readonly number[]) => Pixel {
  const along = (v: number, [a, b]: readonly [number, number], from: number, to: number): number =>
    Math.round((from + ((to - from) * (v - a)) / (b - a)) * 100) / 100;
  return (at) => [along(at[0]!, x.domain, f.left, f.right), along(at[1]!, y.domain, f.bottom, f.top)];
}

function drawPath(
  { lines, marks, slot, end, exit, name }: PlannedPath,
  { theme, document, toPixel }: Drawing,
): SVGElement[] {
  const stroke = colourOf(theme, slot);
  const d = lines.map((l) => `M${l.map((p) => toPixel(p).join(",")).join("L")}`).join("");
  const common = { d, fill: "none", "stroke-linejoin": "round", "stroke-linecap": "round" };
  const marker = (at: readonly number[], scale: number): SVGElement =>
    element(document, "path", {
      d: markerPath(slot),
      transform: `translate(${toPixel(at).join(",")}) scale(${scale})`,
      fill: stroke,
      stroke: theme.background,
      "stroke-width": 0.8,
    });
  return [
    element(document, "g", { class: "path", "aria-label": name }, [
      element(document, "path", {
        ...common,
        stroke: theme.background,
        "stroke-width": 4,
        "stroke-opacity": 0.6,
      }),
      element(document, "path", { ...common, stroke, "stroke-width": 2, "stroke-dasharray": dashOf(slot) }),
      ...marks.map((m) => marker(m, 0.9)),
      ...(end ? [marker(end, 1.4)] : []),
      ...(exit
        ? [
            element(document, "path", {
              d: "M-5,-5L5,5M-5,5L5,-5",
              transform: `translate(${toPixel(exit).join(",")})`,
              stroke,
              "stroke-width": 2.5,
              class: "exit",
            }),
          ]
        : []),
    ]),
  ];
}

function drawMinimum(
  { at, kind }: { readonly at: readonly number[]; readonly kind: "global" | "local" },
  { x, y }: TrajectoryMap,
  { theme, document, toPixel }: Drawing,
): SVGElement[] {
  const within = (v: number, [a, b]: readonly [number, number]): boolean => v >= a && v <= b;
  if (!within(at[0]!, x.domain) || !within(at[1]!, y.domain)) return [];
  return [
    element(document, "path", {
      d: "M-7,0H7M0,-7V7",
      transform: `translate(${toPixel(at).join(",")})`,
      stroke: theme.ink,
      "stroke-width": kind === "global" ? 2 : 1,
      "stroke-dasharray": kind === "global" ? null : "2 2",
      class: `minimum ${kind}`,
    }),
  ];
}

const drawStart = ([x, y]: Pixel, { theme, document }: Drawing): SVGElement =>
  element(document, "circle", {
    cx: x,
    cy: y,
    r: 6,
    fill: theme.background,
    stroke: theme.ink,
    "stroke-width": 2,
    class: "start",
  });

/** A name beside each path, at the place on it that lies farthest from the other paths and names. Crowded ones have none. */
function placeLabels(
  paths: readonly PlannedPath[],
  { theme, document, frame, toPixel }: Drawing,
): SVGElement[] {
  const routes = paths.map((p) =>
    thinned(
      p.lines.flatMap((l) => along(l.map(toPixel))),
      150,
    ),
  );
  const placed: { x: number; y: number; width: number }[] = [];
  return paths.flatMap(({ name, slot }, i) => {
    const width = textWidth(name, LABEL, { bold: true });
    const others = routes.filter((_, j) => j !== i).flat();
    let best: { x: number; y: number; room: number } | null = null;
    for (const [px, py] of thinned(routes[i]!, 40)) {
      for (const [dx, dy] of [
        [9, -7],
        [9, 15],
        [-width - 9, -7],
        [-width - 9, 15],
      ] as const) {
        const [x, y] = [px + dx, py + dy];
        if (x < frame.left + 3 || x + width > frame.right - 3 || y < frame.top + 12 || y > frame.bottom - 4)
          continue;
        if (placed.some((q) => x < q.x + q.width + 6 && q.x < x + width + 6 && Math.abs(y - q.y) < 15))
          continue;
        const room = Math.min(
          40,
          ...others.map((o) => boxDistance(o, x, y, width)),
          2 * Math.min(...routes[i]!.map((o) => boxDistance(o, x, y, width))) + 12,
        );
        if (best === null || room > best.room) best = { x, y, room };
      }
    }
    if (best === null || best.room < 6) return [];
    placed.push({ ...best, width });
    const label = text(document, name, best.x, best.y, {
      size: LABEL,
      fill: colourOf(theme, slot),
      weight: 700,
    });
    label.setAttribute("stroke", theme.background);
    label.setAttribute("stroke-width", "3");
    label.setAttribute("stroke-linejoin", "round");
    label.setAttribute("paint-order", "stroke");
    return [label];
  });
}

/** Distance from a pixel to the box of a text whose baseline starts at x, y. */
const boxDistance = ([px, py]: Pixel, x: number, y: number, width: number): number =>
  Math.sqrt(Math.max(x - px, 0, px - x - width) ** 2 + Math.max(y - 11 - py, 0, py - y - 3) ** 2);

/** Pixels at most 12 apart along a line. */
function along(line: readonly Pixel[]): Pixel[] {
  return line.flatMap(([x, y], i): Pixel[] => {
    const [fx, fy] = line[i - 1] ?? [x, y];
    const n = Math.max(1, Math.ceil(Math.hypot(x - fx, y - fy) / 12));
    return Array.from(
      { length: n },
      (_, k): Pixel => [fx + ((x - fx) * (k + 1)) / n, fy + ((y - fy) * (k + 1)) / n],
    );
  });
}

const thinned = (pixels: readonly Pixel[], maxPixels: number): Pixel[] => {
  const stride = Math.max(1, Math.ceil(pixels.length / maxPixels));
  return pixels.filter((_, k) => k % stride === 0);
};

function axisLabels(
  { x, y }: TrajectoryMap,
  { theme, document, frame }: Drawing,
  height: number,
): SVGElement[] {
  const style = { size: LABEL, fill: theme.ink, anchor: "middle" };
  const upright = text(document, fitText(y.label, frame.bottom - frame.top, LABEL), 0, 0, style);
  upright.setAttribute("transform", `translate(${LABEL + 1},${(frame.top + frame.bottom) / 2}) rotate(-90)`);
  return [text(document, x.label, (frame.left + frame.right) / 2, height - 6, style), upright];
}

function legend(
  paths: readonly PlannedPath[],
  [x, y]: Pixel,
  { width, theme, document, minima }: { width: number; theme: Theme; document: Document; minima: boolean },
): SVGElement[] {
  const rows = paths.flatMap(({ name, note, slot }, i): SVGElement[] => {
    const at = y + i * LEGEND_ROW;
    const stroke = colourOf(theme, slot);
    return [
      element(document, "line", {
        x1: x,
        x2: x + 30,
        y1: at - 4,
        y2: at - 4,
        stroke,
        "stroke-width": 2,
        "stroke-linecap": "round",
        "stroke-dasharray": dashOf(slot),
      }),
      element(document, "path", {
        d: markerPath(slot),
        transform: `translate(${x + 15},${at - 4})`,
        fill: stroke,
      }),
      text(document, fitText(name, (width - 38) / 1.13, LABEL), x + 38, at, {
        size: LABEL,
        fill: theme.ink,
        weight: 700,
      }),
      ...(note
        ? [
            text(document, fitText(note, width - 38, TICK), x + 38, at + 14, {
              size: TICK,
              fill: theme.muted,
            }),
          ]
        : []),
    ];
  });
  const at = y + paths.length * LEGEND_ROW + 4;
  const start = element(document, "circle", {
    cx: x + 7,
    cy: at - 4,
    r: 5,
    fill: theme.background,
    stroke: theme.ink,
    "stroke-width": 2,
  });
  const cross = element(document, "path", {
    d: "M-6,0H6M0,-6V6",
    transform: `translate(${x + 82},${at - 4})`,
    stroke: theme.ink,
    "stroke-width": 2,
  });
  const word = (content: string, left: number): SVGElement =>
    text(document, content, left, at, { size: TICK, fill: theme.ink });
  return [...rows, start, word("start", x + 20), ...(minima ? [cross, word("minimum", x + 94)] : [])];
}

/** For people who hear the chart. */
const describe = ({ subtitle, paths, x, y }: TrajectoryMap): string =>
  [
    subtitle,
    `Paths over contours of the function, ${y.label} over ${x.label}`,
    ...paths.map((p) => `${p.name}: ${p.note || `${p.points.length - 1} steps`}`),
  ]
    .filter(Boolean)
    .join(". ");
