/** Gradient descent on four kinds of loss, and every bound of the library beside it. */

import { abs, le, mul, select, sub, sum, wasm } from "steepest/engine";
import { axisAligned, type Descent, descent, ratios } from "steepest/lesson/problems";
import { sgd } from "steepest/optim";
import { createDescent, makeSurface } from "steepest/surface";
import { BOUNDS, type BoundFacts, compareBound, type Margin, type Needs } from "steepest/tune";
import { shortNumber } from "../../lib/fields.ts";
import { type Slice, sliceOf } from "../../lib/slices.ts";
import type { Shape, starts } from "./view.ts";

export interface Request {
  readonly shape: Shape;
  readonly start: (typeof starts)[number];
  /** η·L */
  readonly rate: number;
  readonly kappa: number;
  readonly aim: number;
  readonly steps: number;
}

export interface BoundSeen {
  readonly id: string;
  /** By step; null where the bound has no value: μ = 0, or no step made. */
  readonly values: readonly (number | null)[] | null;
  /** What it needs and does not have here: it promises nothing then. */
  readonly broken: readonly Needs[];
  readonly holds: boolean | null;
  readonly margin: Margin | null;
}

export interface Measured {
  readonly asked: Request;
  readonly facts: BoundFacts;
  /** f(θₖ) − f*, as far as it went. */
  readonly gap: readonly number[];
  readonly bounds: readonly BoundSeen[];
  /** The landscape along directions that tell it best: it is a sum of such parts. */
  readonly slices: readonly Slice[];
}

const STRONG = 20;
const FLAT = 200;
/** Off the saddle's ridge by so much. */
const ASIDE = 1e-8;

interface Direction extends Pick<Slice, "name" | "domain"> {
  /** What it adds to the loss. */
  readonly part: (x: number) => number;
  readonly coordinate: () => number;
}
type Run = Omit<BoundFacts, "lr" | "gap"> & {
  /** `look` is called where the walk stands before each step. */
  readonly gaps: (lr: number, look: () => void) => Iterable<number>;
  readonly directions: readonly Direction[];
};

function* losses(run: Descent, lr: number, look: () => void): Generator<number> {
  for (;;) {
    look();
    yield run.step(lr).loss;
  }
}

const quadratics = new Map<string, Descent>();

/** ½ Σ λᵢxᵢ², from (1, …, 1) or along one axis only. */
function quadratic(key: string, eigenvalues: readonly number[], start: Request["start"]): Run {
  const n = eigenvalues.length;
  if (quadratics.size > 8) quadratics.clear();
  const run = quadratics.get(key) ?? axisAligned({ backend: wasm }, eigenvalues, sgd({ lr: 1 }));
  quadratics.set(key, run);
  const [L, mu] = [Math.max(...eigenvalues), Math.min(...eigenvalues)];
  const only = start === "all" ? null : eigenvalues.indexOf(start === "steepest" ? L : mu);
  const x = run.at["x"]!;
  const direction = (i: number): Direction => ({
    name: `curvature ${shortNumber(eigenvalues[i]!)}`,
    domain: [-1.3, 1.3],
    part: (at) => 0.5 * eigenvalues[i]! * at * at,
    coordinate: () => x[i]!,
  });
  return {
    L,
    mu: n === FLAT ? 0 : mu,
    distanceSquared: only === null ? n : 1,
    gaps: (lr, look) => {
      run.reset();
      if (only !== null) x.fill(0)[only] = 1;
      return losses(run, lr, look);
    },
    // where the flattest of all hardly moves, one on the way to it
    directions: [
      eigenvalues.indexOf(L),
      n === FLAT && start !== "flattest" ? 9 : eigenvalues.indexOf(mu),
    ].map(direction),
  };
}

let huber: Descent | undefined;

/** Huber's function with its bend where it is slowest for `aim` steps at this rate (Drori & Teboulle 2014). */
function worst(aim: number, rate: number): Run {
  huber ??= descent(
    { backend: wasm },
    {
      start: { x: { shape: [], values: [1] } },
      data: { bend: [] },
      loss: ({ x }, { bend }) => {
        const [size, b] = [abs(x!), bend!];
        return sum(select(le(size, b), mul(0.5, mul(x!, x!)), mul(b, sub(size, mul(0.5, b)))));
      },
      optimizer: sgd({ lr: 1 }),
    },
  );
  const run = huber;
  const bend = 1 / (2 * aim * rate + 1);
  return {
    L: 1,
    mu: 0,
    distanceSquared: 1,
    gaps: (lr, look) => {
      run.reset();
      run.data["bend"]![0] = bend;
      return losses(run, lr, look);
    },
    directions: [
      {
        name: `a bowl up to ${shortNumber(Number(bend.toPrecision(2)))}, then straight`,
        domain: [-1.15, 1.15],
        part: (x) => (Math.abs(x) <= bend ? 0.5 * x * x : bend * (Math.abs(x) - 0.5 * bend)),
        coordinate: () => run.at["x"]![0]!,
      },
    ],
  };
}

/** ½x² − ½y² + ¼y⁴ from beside its ridge. Between the minima no curvature is above 2. */
function saddle(): Run {
  const surface = makeSurface("saddle");
  const from = [1, ASIDE];
  const walker = createDescent({ surface, optimizer: "sgd", from, lr: 1 });
  return {
    L: 2,
    mu: -1,
    distanceSquared: 1 + (1 - ASIDE) ** 2,
    gaps: function* (lr, look) {
      walker.reset({ from, lr });
      for (;;) {
        look();
        yield walker.loss - surface.minima[0]!.value;
        walker.advance();
      }
    },
    directions: [
      {
        name: "x: a valley",
        domain: [-1.3, 1.3],
        part: (x) => 0.5 * x * x,
        coordinate: () => walker.position[0]!,
      },
      {
        name: "y: a ridge between two valleys",
        domain: [-1.6, 1.6],
        part: (y) => 0.25 * y ** 4 - 0.5 * y * y,
        coordinate: () => walker.position[1]!,
      },
    ],
  };
}

function runOf({ shape, start, kappa, aim, rate }: Request): Run {
  switch (shape) {
    case "strong":
      return quadratic(`strong ${kappa}`, ratios(1 / kappa, 1, STRONG), start);
    case "flat":
      return quadratic(
        "flat",
        Array.from({ length: FLAT }, (_, i) => 1 / (i + 1) ** 2),
        start,
      );
    case "worst":
      return worst(aim, rate);
    case "saddle":
      return saddle();
  }
}

/** Beyond it a gap has left every bound of interest. */
const FAR = 1e12;

export function measure(asked: Request): Measured {
  const { gaps, directions, ...known } = runOf(asked);
  const { L, mu } = known;
  const lr = asked.rate / L;
  const gap: number[] = [];
  const walks = directions.map((): number[] => []);
  const look = (): void => directions.forEach((d, i) => void walks[i]!.push(d.coordinate()));
  for (const value of gaps(lr, look)) {
    gap.push(value);
    if (gap.length > asked.steps || !(value < FAR * gap[0]!)) break;
  }
  const facts: BoundFacts = { ...known, lr, gap: gap[0]! };
  const met: Record<Needs, boolean> = {
    convex: mu >= 0,
    "strongly-convex": mu > 0,
    "at-most-1/L": asked.rate <= 1,
    "below-2/L": asked.rate < 2,
  };
  const steps = gap.map((_, k) => k);
  return {
    asked,
    facts,
    gap,
    slices: directions.map((d, i) => sliceOf(d, Float64Array.from(walks[i]!))),
    bounds: BOUNDS.map(({ id, needs, at }) => {
      const broken = needs.filter((n) => !met[n]);
      if (broken.includes("strongly-convex")) return { id, values: null, broken, holds: null, margin: null };
      // what is left of a saddle's gap is rounding of its depth
      const rounding = mu < 0 ? 1e-13 : 0;
      return { id, broken, ...compareBound(at, { facts, steps, from: 0, gap, rounding }) };
    }),
  };
}
