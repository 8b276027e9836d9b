/** An evaluation → SVG: confusions and calibration of classes, or predictions and residuals of numbers. */

import { showWhole } from "../../run/show-number.ts";
import { type ResolvedAxis, resolveAxis } from "../axis.ts";
import { heading, PAD, page, type RenderOptions } from "../render.ts";
import { element, fitText, textWidth } from "../svg.ts";
import { type Theme, themes } from "../theme/index.ts";
import type { ClassPicture, EvaluationPicture, NumberPicture } from "./evaluation.ts";
import { text } from "./lines.ts";
import { contrasting, shadeColour } from "./shade.ts";

const LABEL = 12;
const TICK = 11;
/** px left of and below a square, for its ticks and label. */
const LEFT = 66;
const BELOW = 50;
const WIDEST_NAME = 52;
/** Points of a scatter; more are thinned evenly, and the caption says so. */
const MAX_POINTS = 3000;

interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly document: Document;
  readonly theme: Theme;
}

/** Draws an evaluation as an SVG file's text. */
export function renderEvaluation(
  picture: EvaluationPicture,
  { document, width = 860, theme: themeName = "light" }: Omit<RenderOptions, "height">,
): string {
  const theme = themes[themeName];
  const head = heading(document, picture, { inner: width - 2 * PAD, theme });
  const side = Math.floor((width - 2 * PAD - 2 * LEFT - 24) / 2);
  const top = head.top + 44;
  const places = [PAD + LEFT, PAD + 2 * LEFT + side + 24].map(
    (x): Square => ({ x, y: top, side, document, theme }),
  );
  const [first, second] = places as [Square, Square];
  const { parts, description, caption } =
    picture.kind === "classes" ? classes(picture, first, second) : numbers(picture, first, second);
  const height = top + side + BELOW + PAD + (caption ? 18 : 0);
  return page(
    document,
    { title: picture.title, description, width, height, theme, ...(caption && { caption }) },
    [...head.parts, ...parts],
  );
}

interface Drawn {
  readonly parts: readonly SVGElement[];
  readonly description: string;
  readonly caption?: string;
}

function classes(picture: ClassPicture, left: Square, right: Square): Drawn {
  const { names, confusion, calibration } = picture;
  const hits = names.reduce((sum, _, c) => sum + confusion[c]![c]!, 0);
  const rows = confusion.flat().reduce((a, b) => a + b, 0);
  const parts = [title("rows by class, columns by prediction", left), ...confusions(picture, left)];
  if (calibration.length > 0) {
    parts.push(
      title("right, of predictions of this probability", right),
      ...frame(unit, unit, { ...right, labels: ["probability", "share right"] }),
      diagonal(unit, right),
      ...calibration.map((bin) =>
        dot(right, unit, unit, [bin.probability, bin.accuracy], 3 + 9 * Math.sqrt(bin.rows / rows), "bin"),
      ),
    );
  }
  return {
    parts,
    description: `${hits} of ${rows} rows are right`,
    ...(calibration.length > 0 && {
      caption:
        "On the dashed line probabilities are true; below it the model is too sure. Areas show how many rows.",
    }),
  };
}

const unit: ResolvedAxis = resolveAxis({ label: "", domain: [0, 1] }, [0, 1], { pad: 0 });

/** A tile for each pair of classes, shaded by its share of the class's rows. */
function confusions({ names, confusion }: ClassPicture, place: Square): SVGElement[] {
  const { x, y, side, document, theme } = place;
  const tile = side / names.length;
  const gap = tile > 8 ? 1 : 0;
  const none = { x: r(x), y: r(y), width: r(side), height: r(side), fill: shadeColour(1, theme) };
  const tiles = confusion.flatMap((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    return row.flatMap((count, j) => {
      if (count === 0) return [];
      const [at, to] = [x + j * tile, y + i * tile];
      const fill = shadeColour(1 - count / total, theme);
      const box = { x: r(at), y: r(to), width: r(tile - gap), height: r(tile - gap), fill };
      const rect = element(document, "rect", { ...box, class: i === j ? "tile right" : "tile" });
      if (textWidth(String(count), TICK) + 4 > tile || tile < 14) return [rect];
      const ink = contrasting(fill, theme);
      const look = { size: TICK, fill: ink, anchor: "middle" };
      return [rect, text(document, String(count), at + tile / 2, to + tile / 2 + 4, look)];
    });
  });
  const parts = [element(document, "rect", { ...none, class: "none" }), ...tiles];
  // names that would run into each other are left out
  const every = Math.ceil(16 / tile);
  for (const [i, name] of names.entries()) {
    if (i % every !== 0) continue;
    const look = { size: TICK, fill: theme.muted };
    const middle = (i + 0.5) * tile;
    const shown = fitText(name, WIDEST_NAME, TICK);
    const below = fitText(name, Math.max(tile * every - 4, 14), TICK);
    parts.push(text(document, shown, x - 8, y + middle + 4, { ...look, anchor: "end" }));
    parts.push(text(document, below, x + middle, y + side + 18, { ...look, anchor: "middle" }));
  }
  const label = { size: LABEL, fill: theme.ink, anchor: "middle" };
  return [...parts, text(document, "prediction", x + side / 2, y + side + 40, label)];
}

function numbers({ truth, predicted, target }: NumberPicture, left: Square, right: Square): Drawn {
  const step = Math.max(1, Math.ceil(truth.length / MAX_POINTS));
  const points = Array.from({ length: Math.ceil(truth.length / step) }, (_, i) => {
    const [t, p] = [truth[i * step]!, predicted[i * step]!];
    return { truth: t, predicted: p, residual: t - p };
  }).filter((p) => Number.isFinite(p.residual));
  const both = resolveAxis(
    { label: target },
    [...points.map((p) => p.truth), ...points.map((p) => p.predicted)],
    {
      target: 5,
    },
  );
  const far = Math.max(...points.map((p) => Math.abs(p.residual)), Number.MIN_VALUE);
  const rest = resolveAxis({ label: "" }, [-far, far], { target: 5 });
  const radius = points.length > 500 ? 1.6 : 3;
  return {
    parts: [
      title("predictions over the truth", left),
      ...frame(both, both, { ...left, labels: [`${target}, true`, `${target}, predicted`] }),
      diagonal(both, left),
      ...points.map((p) => dot(left, both, both, [p.truth, p.predicted], radius, "point")),
      title("residuals: truth less prediction", right),
      ...frame(both, rest, { ...right, labels: [`${target}, predicted`, "residual"] }),
      line(right, [both.domain[0], 0], [both.domain[1], 0], both, rest),
      ...points.map((p) => dot(right, both, rest, [p.predicted, p.residual], radius, "point")),
    ],
    description: `${points.length} predictions of ${target}`,
    ...(points.length < truth.length && {
      caption: `${showWhole(points.length)} of ${showWhole(truth.length)} numbers are drawn`,
    }),
  };
}

const r = (v: number): number => Math.round(v * 100) / 100;

const title = (content: string, { x, y, document, theme }: Square): SVGElement =>
  text(document, content, x, y - 12, { size: LABEL, fill: theme.ink, weight: 700 });

const share = ({ domain: [low, high] }: ResolvedAxis, v: number): number => (v - low) / (high - low);
const toX = ({ x, side }: Square, axis: ResolvedAxis, v: number): number => x + side * share(axis, v);
const toY = ({ y, side }: Square, axis: ResolvedAxis, v: number): number => y + side * (1 - share(axis, v));

/** Grid, ticks and labels. */
function frame(
  horizontal: ResolvedAxis,
  vertical: ResolvedAxis,
  { labels, ...place }: Square & { readonly labels: readonly [string, string] },
): SVGElement[] {
  const { x, y, side, document, theme } = place;
  const rule = (x1: number, y1: number, x2: number, y2: number): SVGElement =>
    element(document, "line", { x1: r(x1), y1: r(y1), x2: r(x2), y2: r(y2), stroke: theme.grid });
  const tick = { size: TICK, fill: theme.muted };
  const label = { size: LABEL, fill: theme.ink, anchor: "middle" };
  const upright = text(document, fitText(labels[1], side, LABEL), 0, 0, label);
  upright.setAttribute("transform", `translate(${r(x - LEFT + 14)},${r(y + side / 2)}) rotate(-90)`);
  return [
    ...horizontal.ticks.flatMap((t) => {
      const at = toX(place, horizontal, t);
      const shown = text(document, horizontal.format(t), at, y + side + 18, { ...tick, anchor: "middle" });
      return [rule(at, y, at, y + side), shown];
    }),
    ...vertical.ticks.flatMap((t) => {
      const at = toY(place, vertical, t);
      const shown = text(document, vertical.format(t), x - 8, at + 4, { ...tick, anchor: "end" });
      return [rule(x, at, x + side, at), shown];
    }),
    text(document, fitText(labels[0], side, LABEL), x + side / 2, y + side + 40, label),
    upright,
  ];
}

function line(
  place: Square,
  from: readonly [number, number],
  to: readonly [number, number],
  horizontal: ResolvedAxis,
  vertical: ResolvedAxis,
): SVGElement {
  return element(place.document, "line", {
    x1: r(toX(place, horizontal, from[0])),
    y1: r(toY(place, vertical, from[1])),
    x2: r(toX(place, horizontal, to[0])),
    y2: r(toY(place, vertical, to[1])),
    stroke: place.theme.axis,
    "stroke-dasharray": "6 3",
    class: "truth",
  });
}

const diagonal = (axis: ResolvedAxis, place: Square): SVGElement =>
  line(place, [axis.domain[0], axis.domain[0]], [axis.domain[1], axis.domain[1]], axis, axis);

function dot(
  place: Square,
  horizontal: ResolvedAxis,
  vertical: ResolvedAxis,
  [x, y]: readonly [number, number],
  radius: number,
  name: string,
): SVGElement {
  return element(place.document, "circle", {
    cx: r(toX(place, horizontal, x)),
    cy: r(toY(place, vertical, y)),
    r: r(radius),
    fill: place.theme.series[0]!,
    "fill-opacity": 0.6,
    class: name,
  });
}
