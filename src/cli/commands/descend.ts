/** `steepest descend <surface|formula>`: optimizers side by side on a function, its map and their fate. */
import { findOptimizer } from "../../optim/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import { symmetricEigenvalues } from "../../surface/eigenvalues.ts";
import { evaluator, type Surface, trajectory, tunedTrajectory } from "../../surface/index.ts";
import type { Invocation } from "../command.ts";
import {
  readNumber,
  readPlace,
  readRunners,
  readSchedule,
  readSteps,
  readSurface,
} from "../descend/arguments.ts";
import { list } from "../descend/list.ts";
import {
  type Descents,
  describeRun,
  documentOf,
  lossChartOf,
  mapOf,
  resultTable,
} from "../descend/report.ts";
import type { Terminal } from "../terminal.ts";

export async function run({ args, options, terminal, json }: Invocation): Promise<undefined> {
  const [what, ...flags] = args;
  if (what === undefined || options["list"] === true) return list(what, { terminal, json });
  if (/^--[a-z]/i.test(what)) {
    throw new SteepestError("usage", `${what} comes before the surface`, {
      help: "name the surface first: steepest descend ravine --kappa 50",
    });
  }
  const place = readPlace(options["from"]);
  const surface = await readSurface(what, flags, place);
  const descents = descend(surface, { ...options, from: place });
  const ascii = options["ascii"] === true;
  await draw(descents, options);
  if (json) {
    terminal.print(JSON.stringify(documentOf(descents)));
    return;
  }
  terminal.print(
    `${surface.name === "formula" ? "" : `${surface.label}: `}f = ${surface.text}, ${describeRun(descents)}`,
  );
  terminal.print(curvature(descents));
  terminal.print("");
  if (surface.variables.length === 2) {
    const { sketchTrajectories } = await import("../../plot/charts/trajectories-sketch.ts");
    terminal.print(sketchTrajectories(mapOf(descents), { ascii, paint: painter(terminal) }));
  } else {
    const { sketch } = await import("../../plot/sketch.ts");
    terminal.print(sketch(lossChartOf(descents), { ascii, height: 10 }));
  }
  terminal.print("");
  terminal.print(resultTable(descents));
  if (descents.runs.some((r) => r.lr === null))
    terminal.note("* the best of 33 rates from 1e-7 to 10; --lr chooses");
}

function descend(surface: Surface, options: Readonly<Record<string, unknown>>): Descents {
  const steps = readSteps(options["steps"]);
  const noise = {
    sigma: readNumber("--noise", options["noise"], { min: 0 }),
    seed: readNumber("--seed", options["seed"], { min: 0, whole: true }),
  };
  const schedule = readSchedule(options["schedule"]);
  const from = (options["from"] as number[] | null) ?? surface.start;
  const tolerance =
    options["tolerance"] === undefined ? null : readNumber("--tolerance", options["tolerance"], { min: 0 });
  const runs = readRunners(String(options["optimizers"]), options["lr"]).map((runner) => {
    const { optimizer, lr } = runner;
    const setting = {
      surface,
      optimizer,
      from,
      steps,
      noise,
      terms: options["json"] === true,
      ...(schedule && { schedule }),
      ...(tolerance !== null && { tolerance }),
    };
    if (lr !== null) return { ...runner, rate: lr, path: trajectory({ ...setting, lr }) };
    const path = tunedTrajectory(setting);
    return { ...runner, rate: path.lr, path };
  });
  return { surface, from, steps, noise, runs };
}

/** How curved the function is at the start and at the reached minimum, and what that means for plain descent. */
function curvature({ surface, from, runs }: Descents): string {
  const n = surface.variables.length;
  if (n > 60) return `${n} coordinates`;
  const { hessian } = evaluator(surface);
  const largest = (at: readonly number[]): number => symmetricEigenvalues(hessian(at), n).at(-1)!;
  const minimum = runs.find((r) => r.path.verdict.minimum)?.path.verdict.minimum ?? surface.minima[0];
  const there = minimum ? largest(minimum.at) : Number.NaN;
  const first = `largest curvature ${showNumber(largest(from))} at the start`;
  if (!(there > 0)) return first;
  const limit = findOptimizer("sgd").stabilityLimit!.limit(
    { momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 },
    there,
  );
  return `${first}, ${showNumber(there)} at the minimum: near it sgd is stable below lr ${showNumber(limit)}`;
}

async function draw(descents: Descents, options: Readonly<Record<string, unknown>>): Promise<void> {
  const theme = options["dark"] === true ? "dark" : "light";
  const [paths, losses] = [options["plot"], options["lossPlot"]];
  const { savePlot, saveSvg } = await import("../../plot/node-save.ts");
  if (typeof paths === "string") {
    const { variables } = descents.surface;
    if (variables.length !== 2) {
      throw new SteepestError(
        "usage",
        `--plot draws functions of two coordinates, this one has ${variables.length}`,
        {
          help: "draw the loss with --loss-plot",
        },
      );
    }
    const [{ renderTrajectories }, { emptyDocument }] = await Promise.all([
      import("../../plot/charts/trajectories-draw.ts"),
      import("../../plot/node-svg.ts"),
    ]);
    const document = await emptyDocument();
    await saveSvg(() => renderTrajectories(mapOf(descents), { document, theme }), paths);
  }
  if (typeof losses === "string") await savePlot(lossChartOf(descents), losses, { theme });
}

function painter({ colors }: Terminal): (mark: string, i: number) => string {
  const inks = [colors.cyan, colors.yellow, colors.green, colors.magenta, colors.red, colors.blue];
  return (mark, i) => inks[i % inks.length]!(mark);
}
