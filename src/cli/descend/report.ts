/** What `descend` found: as lines of a terminal, as charts, as a document. */
import type { Chart } from "../../plot/chart.ts";
import { MARKS, type TrajectoryMap } from "../../plot/charts/trajectories.ts";
import { pathMark } from "../../plot/charts/trajectories-sketch.ts";
import { showNumber } from "../../run/show-number.ts";
import {
  type Minimum,
  type Surface,
  showPlace,
  surfaceGrid,
  type Trajectory,
  viewOf,
} from "../../surface/index.ts";
import { table } from "../terminal.ts";
import type { Runner } from "./arguments.ts";

export interface Descended extends Runner {
  readonly rate: number;
  readonly path: Trajectory;
}

export interface Descents {
  readonly surface: Surface;
  readonly from: readonly number[];
  readonly steps: number;
  readonly noise: { readonly sigma: number; readonly seed: number };
  readonly runs: readonly Descended[];
}

export function resultTable({ runs }: Descents): string {
  const rows = runs.map(({ label, rate, lr, path: { losses, verdict } }, i) => [
    pathMark(i),
    label,
    `${showNumber(rate)}${lr === null ? " *" : ""}`,
    verdict.outcome === "converged" ? String(verdict.step) : "–",
    showNumber(losses.at(-1)!),
    verdict.distance === null ? "–" : showNumber(verdict.distance),
    verdict.text,
  ]);
  return table([["", "optimizer", "lr", "there in", "last loss", "distance", "what became of it"], ...rows]);
}

/** Minima to mark: those known, else those reached. */
function minimaOf({ surface, runs }: Descents): readonly Minimum[] {
  if (surface.minima.length > 0) return surface.minima;
  return runs.flatMap(({ path }) => path.verdict.minimum ?? []);
}

export function mapOf(descents: Descents): TrajectoryMap {
  const { surface, from, steps, runs } = descents;
  const [x, y] = viewOf(
    surface,
    from,
    runs.map((r) => r.path),
  );
  const domain = { x: x!, y: y! };
  const every = Math.max(1, Math.ceil(steps / MARKS));
  return {
    title: surface.name === "formula" ? `f = ${surface.text}` : surface.label,
    subtitle: `${surface.name === "formula" ? "" : `f = ${surface.text}; `}${describeRun(descents)}`,
    caption: `${steps} steps, a marker ${every === 1 ? "at each" : `every ${every}`}. Contours are log-spaced above the lowest value; × where a path leaves the picture.`,
    x: { label: surface.variables[0]!, domain: domain.x },
    y: { label: surface.variables[1]!, domain: domain.y },
    grid: surfaceGrid(surface, domain),
    minima: minimaOf(descents).map(({ at, kind }) => ({ at, kind: kind === "local" ? "local" : "global" })),
    paths: runs.map(({ label, rate, path }) => ({
      name: label,
      points: path.points,
      note: `lr ${showNumber(rate)}, ${shortVerdict(path)}`,
    })),
  };
}

export const describeRun = ({ from, noise }: Descents): string =>
  `from ${showPlace(from)}${noise.sigma > 0 ? `, noise ${noise.sigma} (seed ${noise.seed})` : ""}`;

function shortVerdict({ verdict: { outcome, step } }: Trajectory): string {
  const words = {
    converged: `there in ${step}`,
    diverged: `diverged at ${step}`,
    undefined: `undefined at ${step}`,
    saddle: "at a saddle",
    flat: "on flat ground",
    going: "still moving",
  };
  return words[outcome];
}

/** Above the least value known, on a log axis; the loss itself where none is. */
export function lossChartOf(descents: Descents): Chart {
  const { surface, runs } = descents;
  const min = minimaOf(descents).reduce((low, m) => Math.min(low, m.value), Number.POSITIVE_INFINITY);
  const known = Number.isFinite(min) && runs.every(({ path }) => path.losses.every((l) => !(l < min - 1e-9)));
  const label = known && min !== 0 ? `loss above ${showNumber(min)}` : "loss";
  return {
    title: surface.label,
    subtitle: describeRun(descents),
    panels: [
      {
        kind: "lines",
        x: { label: "step" },
        y: { label, scale: "auto" },
        series: runs.map(({ label: name, path: { losses } }) => ({
          name,
          x: losses.map((_, k) => k),
          y: losses.map((l) => (known ? l - min : l)),
        })),
      },
    ],
  };
}

export function documentOf({ surface, from, steps, noise, runs }: Descents): unknown {
  const { name, label, text, variables, domain, minima } = surface;
  return {
    schema: "steepest.descend/1",
    surface: { name, label, text, variables, domain, minima },
    from,
    steps,
    noise: noise.sigma > 0 ? noise : null,
    paths: runs.map(({ optimizer: { name: optimizer, ...options }, label: own, rate, lr, path }) => ({
      optimizer,
      label: own,
      options,
      lr: rate,
      lrFrom: lr === null ? "best of a grid" : "given",
      verdict: path.verdict,
      finalLoss: path.losses.at(-1),
      points: path.points.map((p, k) => [...p, path.losses[k]]),
      terms: path.terms,
    })),
  };
}
