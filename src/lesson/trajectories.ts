/** The lesson's last figure, optimizers on 2-D surfaces. The lesson gives no code: surfaces, starts and rates are ours. */
import { adagrad, adam, rmsprop, sgd, type Transform } from "../optim/index.ts";
import type { Chart } from "../plot/chart.ts";
import { makeSurface, type SurfaceOptions, trajectory } from "../surface/index.ts";
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
}

export function journeys(
  { backend }: Pick<LessonContext, "backend">,
  scene: Scene,
  steps: number,
): Journey[] {
  const surface = makeSurface(scene.surface, scene.options);
  return Object.entries(optimizers).map(([optimizer, make], i) => {
    const lr = scene.rates[i]!;
    const { points, losses } = trajectory({ surface, optimizer: make(lr), from: scene.from, steps, backend });
    return { optimizer, lr, points, losses };
  });
}

/** Where they go, and the loss on the way. */
export function trajectoryChart(context: Pick<LessonContext, "backend">, scene: Scene, steps: number): Chart {
  const runs = journeys(context, scene, steps);
  const surface = makeSurface(scene.surface, scene.options);
  return {
    title: `Optimizers on a surface: ${surface.label}`,
    subtitle: `${surface.text}, from (${scene.from.join(", ")}), ${steps} steps; rates in the legend`,
    panels: [
      {
        kind: "lines",
        x: { label: "x" },
        y: { label: "y" },
        weight: 1.4,
        series: runs.map(({ optimizer, lr, points }) => ({
          name: `${optimizer} ${lr}`,
          x: points.map((p) => p[0]!),
          y: points.map((p) => p[1]!),
          endLabel: false,
        })),
      },
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
  };
}
