import { constant, mul, sum } from "../../engine/graph/index.ts";
import { sgd } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { descent } from "../descent.ts";
import { fixed, show } from "../words.ts";

type Path = readonly (readonly [x: number, y: number, loss: number])[];

/** ½(x² + 10y²) from (−9, 2.5): the three paths of the lesson's figure. */
function path(context: LessonContext, lr: number, momentum: number, steps: number): Path {
  const run = descent(context, {
    start: { p: { shape: [2], values: [-9, 2.5] } },
    loss: ({ p }) => mul(0.5, sum(mul(constant(Float64Array.of(1, 10), { dtype: "float64" }), mul(p!, p!)))),
    optimizer: sgd({ lr, momentum }),
  });
  return Array.from({ length: steps + 1 }, () => {
    const [x, y] = run.at["p"]!;
    return [x!, y!, run.step().loss] as const;
  });
}

const DOMAIN = { x: [-10, 10], y: [-3.4, 3.4] } as const;

/** The function over the picture, row after row from the least y. */
function bowl(): { columns: number; rows: number; values: Float64Array } {
  const [columns, rows] = [121, 81];
  const along = ([a, b]: readonly [number, number], k: number, n: number): number =>
    a + ((b - a) * k) / (n - 1);
  const values = Float64Array.from({ length: columns * rows }, (_, i) => {
    const [x, y] = [along(DOMAIN.x, i % columns, columns), along(DOMAIN.y, Math.floor(i / columns), rows)];
    return 0.5 * (x * x + 10 * y * y);
  });
  return { columns, rows, values };
}

/** Net turns around the minimum until the path is within a hundredth of where it started. */
function turns(points: Path): number {
  const distance = ([x, y]: Path[number]): number => Math.hypot(x, y);
  let angle = 0;
  for (let k = 1; k < points.length; k++) {
    const [a, b] = [points[k - 1]!, points[k]!];
    if (distance(b) < 0.01 * distance(points[0]!)) break;
    // a step straight through the minimum (−1 × the place before) turns neither way
    const cross = a[0] * b[1] - a[1] * b[0];
    angle += cross === 0 ? 0 : Math.atan2(cross, a[0] * b[0] + a[1] * b[1]);
  }
  return Math.abs(angle) / (2 * Math.PI);
}

/**
 * Eigenvalues of the step along x: x_{k+1} = s·x_k − p·x_{k−1}, solved from four points of the path. Real ones mean no
 * rotation. Without momentum p is 0 and one ratio is all there is.
 */
function eigenvalue(points: Path, momentum: boolean): { real: number; imaginary: number } {
  const [a, b, c, d] = points.slice(1).map((p) => p[0]);
  if (!momentum) return { real: b! / a!, imaginary: 0 };
  const determinant = b! * b! - a! * c!;
  const s = (b! * c! - a! * d!) / determinant;
  const p = (c! * c! - b! * d!) / determinant;
  const under = (s * s) / 4 - p;
  return under >= 0
    ? { real: s / 2 + Math.sqrt(under), imaginary: 0 }
    : { real: s / 2, imaginary: Math.sqrt(-under) };
}

export const experiment: Experiment = defineExperiment({
  claim: "with a step size just right, gradient descent spirals in cleanly",
  claimed: "just right and you spiral in cleanly",
  settings: {
    small: 0.005,
    right: 0.1,
    large: 0.19,
    beyond: 0.21,
    momentumLr: 0.02,
    momentum: 0.9,
    steps: 40,
  },
  run: async (context, { small, right, large, beyond, momentumLr, momentum, steps }) => {
    const plain = path(context, right, 0, steps);
    const ball = path(context, momentumLr, momentum, 3 * steps);
    const bounces = path(context, large, 0, steps);
    const diverges = path(context, beyond, 0, steps);
    const slow = path(context, small, 0, steps);
    const [final, ballTurns] = [turns(plain), turns(ball)];
    const root = eigenvalue(ball, true);
    const plainRoot = eigenvalue(plain, false);
    const loss = (p: Path): number => p.at(-1)![2];
    const spirals = final > 0.5;
    const shown: readonly (readonly [string, Path])[] = [
      [`too small: ${small}`, slow],
      [`just right: ${right}`, plain],
      [`bounces: ${large}`, bounces],
      [`momentum ${momentum}, ${momentumLr}: spirals`, ball],
    ];
    return {
      summary: `${fixed(final, 2)} turns around the minimum at learning rate ${right}`,
      measured: {
        final,
        momentumTurns: ballTurns,
        eigenvalue: plainRoot,
        momentumEigenvalue: root,
        losses: { small: loss(slow), right: loss(plain), large: loss(bounces), beyond: loss(diverges) },
      },
      verdict: spirals ? "holds" : ballTurns > 0.5 && root.imaginary !== 0 ? "holds-if" : "does-not-hold",
      condition: spirals
        ? null
        : `there is momentum: learning rate ${momentumLr} with β = ${momentum} makes ${fixed(ballTurns, 2)} turns, its step has the ` +
          `eigenvalues ${fixed(root.real, 2)} ± ${fixed(root.imaginary, 3)}i. A plain step on a quadratic has real ones (here ` +
          `${show(plainRoot.real, 2)} along x): it slides or zigzags`,
      figures: () => ({
        three_paths: {
          title: "Three step sizes, and momentum",
          subtitle: "½(x² + 10y²) from (−9, 2.5)",
          x: { label: "x", domain: DOMAIN.x },
          y: { label: "y", domain: DOMAIN.y },
          grid: bowl(),
          minima: [{ at: [0, 0], kind: "global" }],
          paths: shown.map(([name, points]) => ({ name, points })),
        },
        three_paths_loss: {
          title: "Three step sizes, and momentum",
          subtitle: "½(x² + 10y²) from (−9, 2.5): loss over steps",
          panels: [
            {
              kind: "lines",
              x: { label: "step" },
              y: { label: "loss", scale: "log" },
              series: shown.map(([name, p]) => ({
                name,
                x: Float64Array.from(p, (_, k) => k),
                y: Float64Array.from(p, (q) => q[2]),
              })),
            },
          ],
        },
      }),
    };
  },
});
