/** The paths of this room, by the library. */
import {
  createDescent,
  type Descent,
  follow,
  makeSurface,
  type Surface,
  type SurfaceGrid,
  surfaceGrid,
} from "steepest/surface";

export interface Walk {
  readonly name: string;
  readonly optimizer: "sgd" | "heavy-ball";
  readonly lr: number;
}

export interface Request {
  readonly kappa: number;
  readonly from: readonly [number, number];
  readonly steps: number;
  readonly walks: readonly Walk[];
}

export interface Walked extends Walk {
  /** x0, y0, x1, y1, … as far as the path went before it left all bounds. */
  readonly points: Float64Array;
  readonly losses: readonly number[];
  readonly outcome: string;
  /** How often it went round the minimum; a zigzag's turns cancel. */
  readonly turns: number;
}

const BETA = 0.9;
const optimizers = { sgd: "sgd", "heavy-ball": { name: "sgd", momentum: BETA } } as const;

// compiled once for each bowl and optimizer; a new rate or start needs no new program
let bowl: { kappa: number; surface: Surface; descents: Map<Walk["optimizer"], Descent> } | undefined;

function bowlOf(kappa: number): NonNullable<typeof bowl> {
  if (bowl?.kappa !== kappa) bowl = { kappa, surface: makeSurface("bowl", { kappa }), descents: new Map() };
  return bowl;
}

export function grid(
  kappa: number,
  size: { readonly x: readonly [number, number]; readonly y: readonly [number, number] },
): SurfaceGrid {
  return surfaceGrid(bowlOf(kappa).surface, size);
}

export function walk({ kappa, from, steps, walks }: Request): Walked[] {
  const { surface, descents } = bowlOf(kappa);
  return walks.map((asked) => {
    const options = { surface, optimizer: optimizers[asked.optimizer], from, lr: asked.lr, steps };
    const descent = descents.get(asked.optimizer) ?? createDescent(options);
    descents.set(asked.optimizer, descent);
    descent.reset({ from, lr: asked.lr });
    const { points, losses, verdict } = follow(descent, options);
    return {
      ...asked,
      points: Float64Array.from(points.flat()),
      losses,
      outcome: verdict.text,
      turns: turnsOf(points),
    };
  });
}

function turnsOf(points: readonly (readonly number[])[]): number {
  let angle = 0;
  for (let k = 1; k < points.length; k++) {
    const [[ax, ay], [bx, by]] = [points[k - 1] as [number, number], points[k] as [number, number]];
    angle += Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
  }
  return Math.abs(angle) / (2 * Math.PI);
}
