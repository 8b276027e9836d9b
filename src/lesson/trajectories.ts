/** The lesson's last figure, optimizers on 2-D surfaces. The lesson gives no code: surfaces, starts and rates are ours. */
import { adagrad, adam, rmsprop, sgd, type Transform } from "../optim/index.ts";
import type { Chart } from "../plot/chart.ts";
import type { TrajectoryMap } from "../plot/charts/trajectories.ts";
import {
  makeSurface,
  type SurfaceOptions,
  surfaceGrid,
  trajectory,
  type Verdict,
  viewOf,
} from "../surface/index.ts";
import type { LessonContext } from "./context.ts";

const momentum = 0.9;
const optimizers: Readonly<Record<string, (lr: number) => Transform>> = {
  SGD: (lr) => sgd({ lr }),
  momentum: (lr) => sgd({ lr, momentum }),
  Nesterov: (lr) => sgd({ lr, momentum, nesterov: true }),
  RMSprop: (lr) => rmsprop({ lr }),
  Adam: (lr) => adam({ lr }),
  Adagrad: (lr) => adagrad({ lr }),
};

interface Scene {
  readonly surface: string;
  readonly options: SurfaceOptions;
  readonly from: readonly [number, number];
  /** One rate for each optimizer, in their order. */
  readonly rates: readonly number[];
}

export const scenes: readonly Scene[] = [
  {
    surface: "ravine",
    options: { kappa: 100 },
    from: [-4, 1],
    rates: [0.018, 0.01, 0.01, 0.05, 0.3, 0.5],
  },
  { surface: "rosenbrock", options: {}, from: [-1.5, 2], rates: [0.0012, 0.0005, 0.0005, 0.02, 0.1, 0.5] },
  { surface: "beale", options: {}, from: [1, 1.5], rates: [0.005, 0.002, 0.002, 0.03, 0.1, 0.4] },
  { surface: "saddle", options: {}, from: [1, 0.001], rates: [0.1, 0.05, 0.05, 0.05, 0.05, 0.3] },
];

export interface Journey {
  readonly optimizer: string;
  readonly lr: number;
  readonly points: readonly (readonly number[])[];
  readonly losses: readonly number[];
  readonly verdict: Verdict;
}

export function journeys(
  { backend }: Pick<LessonContext, "backend">,
  scene: Scene,
  steps: number,
): Journey[] {
  const surface = makeSurface(scene.surface, scene.options);
  return Object.entries(optimizers).map(([optimizer, make], i) => {
    const lr = scene.rates[i]!;
    const { points, losses, verdict } = trajectory({
      surface,
      optimizer: make(lr),
      from: scene.from,
      steps,
      backend,
    });
    return { optimizer, lr, points, losses, verdict };
  });
}

/** Where they go, over level lines of the surface, as descend draws it; and the loss on the way. */
export function trajectoryPictures(
  context: Pick<LessonContext, "backend">,
  scene: Scene,
  steps: number,
): { readonly map: TrajectoryMap; readonly losses: Chart } {
  const runs = journeys(context, scene, steps);
  const surface = makeSurface(scene.surface, scene.options);
  const [x, y] = viewOf(surface, scene.from, runs);
  const domain = { x: x!, y: y! };
  const title = `Optimizers on a surface: ${surface.label}`;
  const subtitle = `f = ${surface.text}, from (${scene.from.join(", ")}), ${steps} steps`;
  return {
    map: {
      title,
      subtitle,
      x: { label: surface.variables[0]!, domain: domain.x },
      y: { label: surface.variables[1]!, domain: domain.y },
      grid: surfaceGrid(surface, { ...domain, backend: context.backend }),
      minima: surface.minima.map(({ at, kind }) => ({ at, kind: kind === "local" ? "local" : "global" })),
      paths: runs.map(({ optimizer, lr, points }) => ({ name: optimizer, points, note: `lr ${lr}` })),
    },
    losses: {
      title,
      subtitle: `${subtitle}; rates in the legend`,
      panels: [
        {
          kind: "lines",
          x: { label: "step" },
          y: { label: "loss", scale: "auto" },
          series: runs.map(({ optimizer, lr, losses }) => ({
            name: `${optimizer} ${lr}`,
            x: losses.map((_, k) => k),
            y: losses,
            endLabel: false,
          })),
        },
      ],
    },
  };
}
