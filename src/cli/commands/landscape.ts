/** `steepest landscape`: run file or folder → the loss over a plane through its weights → map, sketch, one JSON document. */

import type { TrajectoryMap } from "../../plot/charts/trajectories.ts";
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import type { BuiltRun } from "../../train/build.ts";
import { type RunLandscape, runLandscape } from "../../train/landscape.ts";
import { LANDSCAPE_PLANES, type LandscapePlane } from "../../train/landscape-planes.ts";
import { flatParameters } from "../../train/objective.ts";
import { openRun } from "../analyze/open-run.ts";
import type { Invocation } from "../command.ts";
import { catchInterrupt } from "../interrupt.ts";
import { requirePlotFile } from "../plot-path.ts";
import { createBar } from "../progress.ts";
import { look, type Terminal } from "../terminal.ts";

/** Weights that are kept along the run. */
const POINTS = 40;

export async function run({ args, flags, options, terminal, json }: Invocation): Promise<number> {
  const plot = options["plot"] as string | undefined;
  if (plot !== undefined) requirePlotFile(plot);
  const { built, from, backend } = await openRun(args, flags, "landscape");
  const plane = planeOf(options["plane"], from);
  const steps = from === null ? ((options["steps"] as number | undefined) ?? built.totalSteps) : 0;
  const rows = options["rows"] as number | "all" | "full" | undefined;
  const interrupt = catchInterrupt();
  const bar = createBar({ terminal, quiet: options["quiet"] === true, total: steps + 100 });
  let cut: RunLandscape | null = null;
  try {
    const path = await follow(built, {
      steps,
      signal: interrupt.signal,
      onStep: (k) => bar.update(k, "training"),
    });
    if (path !== null) {
      cut = await runLandscape(built, {
        plane,
        path,
        samples: options["samples"] as number,
        backend,
        ...(rows !== undefined && { rows: rows === "all" ? "full" : rows }),
        onStep: async (share) => {
          bar.update(steps + Math.round(100 * share), "measuring the loss");
          await new Promise((done) => setImmediate(done));
          return !interrupt.signal.aborted;
        },
      });
    }
  } finally {
    bar.stop();
    interrupt.release();
  }
  if (cut === null) {
    terminal.note("interrupted: nothing was written");
    return 130;
  }
  const map = mapOf(cut, { name: built.spec.name, at: from ?? steps });
  if (plot !== undefined) await draw(map, plot);
  if (json)
    terminal.print(JSON.stringify({ ...cut, grid: { ...cut.grid, values: finite(cut.grid.values) } }));
  else await report(cut, { map, terminal, plot });
  return 0;
}

function planeOf(asked: unknown, from: number | null): LandscapePlane {
  const plane = LANDSCAPE_PLANES.find((p) => p === (asked ?? (from === null ? "path" : "random")));
  if (plane === undefined) {
    throw new SteepestError("usage", `--plane is ${String(asked)}`, {
      help: `give one of ${LANDSCAPE_PLANES.join(", ")}`,
    });
  }
  if (plane !== "path" || from === null) return plane;
  throw new SteepestError("usage", "a run folder keeps its last weights, not the path to them", {
    help: "take --plane random or hessian, or name the run file instead",
  });
}

interface Follow {
  readonly steps: number;
  readonly signal: AbortSignal;
  readonly onStep: (k: number) => void;
}

/** Trains, and keeps the weights at some steps. Null: interrupted. Throws `non-finite` where the loss is no number. */
async function follow(built: BuiltRun, { steps, signal, onStep }: Follow): Promise<Float64Array[] | null> {
  const path: Float64Array[] = [];
  const every = Math.max(1, Math.round(steps / POINTS));
  for (let k = 0; k < steps; k++) {
    if (k % every === 0) {
      path.push(flatParameters(built));
      onStep(k);
      await new Promise((done) => setImmediate(done));
      if (signal.aborted) return null;
    }
    built.advance(k, built.rate.lrAt(k));
  }
  return path;
}

/** JSON has no NaN. */
const finite = (values: Float64Array): (number | null)[] =>
  Array.from(values, (v) => (Number.isFinite(v) ? v : null));

function mapOf(
  { axes, grid, path, loss }: RunLandscape,
  { name, at }: { name: string; at: number },
): TrajectoryMap {
  return {
    title: `${name}: the loss around the weights of step ${at}`,
    subtitle: `loss ${showNumber(Number(loss.toPrecision(4)))} at the cross`,
    x: { label: axes[0]!.label, domain: grid.x },
    y: { label: axes[1]!.label, domain: grid.y },
    grid,
    minima: [{ at: [0, 0], kind: "local" }],
    paths: path.length === 0 ? [] : [{ name: "the run", points: path, slot: 1 }],
  };
}

async function draw(map: TrajectoryMap, path: string): Promise<void> {
  const [{ renderTrajectories }, { emptyDocument }, { saveSvg }] = await Promise.all([
    import("../../plot/charts/trajectories-draw.ts"),
    import("../../plot/node-svg.ts"),
    import("../../plot/node-save.ts"),
  ]);
  const document = await emptyDocument();
  await saveSvg(() => renderTrajectories(map, { document }), path);
}

async function report(
  cut: RunLandscape,
  { map, terminal, plot }: { map: TrajectoryMap; terminal: Terminal; plot: string | undefined },
): Promise<void> {
  const { print, colors } = terminal;
  const { sketchTrajectories } = await import("../../plot/charts/trajectories-sketch.ts");
  print(colors.bold(map.title));
  print(`across: ${map.x.label}; up: ${map.y.label}`);
  print(sketchTrajectories(map, { ascii: look(terminal).ascii }));
  const highest = cut.grid.values.reduce((max, v) => (Number.isFinite(v) ? Math.max(max, v) : max), cut.loss);
  const show = (x: number): string => showNumber(Number(x.toPrecision(4)));
  print(`loss ${show(cut.loss)} at the weights, up to ${show(highest)} here; ${cut.rows} of ${cut.of} rows`);
  if (cut.inPlane !== null) print(`${show(100 * cut.inPlane)} % of the path lies in this plane`);
  if (plot !== undefined) print(colors.dim(`plot in ${plot}`));
}
