/** What the first layer holds: its weights as pictures, and what they make of one picture or of the plane. */
import type { BuiltRun } from "steepest/train";
import type { Guesses } from "./guesses.ts";
import { SIDE } from "./ink.ts";

/** Small pictures side by side, of one size, values around zero. */
export interface Tiles {
  readonly width: number;
  readonly height: number;
  readonly pictures: readonly Float32Array[];
  /** The largest absolute value: full colour. */
  readonly scale: number;
}

export interface Inside {
  /** Weights of the first layer, one picture a unit or filter. */
  readonly weights: Tiles;
  /** What comes out of each unit: for digits, one number; null for points. */
  readonly activations: Float32Array | null;
  /** What each unit makes of the whole picture (filters) or of the whole plane (points); null for dense layers on digits. */
  readonly maps: Tiles | null;
  /** Units in all: no more than 64 are shown. */
  readonly units: number;
}

/** The network's answer over the plane of the first two features, all others at their mean. */
export interface Decision {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** Samples along each side; rows from the least y. */
  readonly side: number;
  /** Class that is likeliest, and its probability. */
  readonly winner: Uint8Array;
  readonly sure: Float32Array;
}

const MAX_UNITS = 64;
/** Samples along a side of the plane, for the answer and for each unit. */
const FINE = 56;
const COARSE = 24;

interface FirstLayer {
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  readonly shape: readonly number[];
}

function firstLayer({ step }: BuiltRun): FirstLayer {
  const of = (end: string) => step.state.find((t) => t.name.startsWith("param.") && t.name.endsWith(end))!;
  const weight = of(".weight");
  return { weight: weight.values, bias: of(".bias").values, shape: weight.shape };
}

function tiles(pictures: readonly Float32Array[], width: number, height: number): Tiles {
  const scale = pictures.reduce((max, p) => p.reduce((m, v) => Math.max(m, Math.abs(v)), max), 0);
  return { pictures, width, height, scale };
}

/** For a network on pictures of digits. `pixels` is the one that is looked at. */
export function insideDigits(built: BuiltRun, pixels: ArrayLike<number>): Inside {
  const { weight, bias, shape } = firstLayer(built);
  const units = shape[0]!;
  const size = weight.length / units;
  const shown = Array.from({ length: Math.min(MAX_UNITS, units) }, (_, u) =>
    Float32Array.from({ length: size }, (_, i) => weight[u * size + i]!),
  );
  const dense = shape.length === 2;
  const side = dense ? SIDE : shape[3]!;
  const weights = tiles(shown, side, side);
  if (dense) {
    const activations = Float32Array.from(shown, (w, u) =>
      Math.max(
        0,
        w.reduce((sum, v, i) => sum + v * pixels[i]!, bias[u]!),
      ),
    );
    return { weights, activations, maps: null, units };
  }
  const maps = shown.map((kernel, u) => filtered(pixels, kernel, { side, bias: bias[u]! }));
  const activations = Float32Array.from(maps, (m) => m.reduce((sum, v) => sum + v, 0) / m.length);
  return { weights, activations, maps: tiles(maps, SIDE, SIDE), units };
}

/** Cross-correlation to the picture's own size, and ReLU. */
function filtered(
  pixels: ArrayLike<number>,
  kernel: Float32Array,
  { side, bias }: { readonly side: number; readonly bias: number },
): Float32Array {
  const half = (side - 1) / 2;
  const out = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let sum = bias;
      for (let j = 0; j < side; j++) {
        for (let i = 0; i < side; i++) {
          const [py, px] = [y + j - half, x + i - half];
          if (py >= 0 && px >= 0 && py < SIDE && px < SIDE)
            sum += kernel[j * side + i]! * pixels[py * SIDE + px]!;
        }
      }
      out[y * SIDE + x] = Math.max(0, sum);
    }
  }
  return out;
}

interface Frame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Room for all training rows. */
export function frameOf({ data }: BuiltRun): Frame {
  const { features } = data;
  const width = features.rowStride;
  const along = (j: number): readonly [number, number] => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = j; at < features.data.length; at += width) {
      low = Math.min(low, features.data[at]!);
      high = Math.max(high, features.data[at]!);
    }
    const room = 0.08 * (high - low) || 1;
    return [low - room, high + room];
  };
  return { x: along(0), y: width > 1 ? along(1) : [-1, 1] };
}

function plane({ x, y }: Frame, side: number, width: number): Float32Array {
  const rows = new Float32Array(side * side * width);
  for (let r = 0; r < side; r++) {
    for (let c = 0; c < side; c++) {
      const at = (r * side + c) * width;
      rows[at] = x[0] + ((x[1] - x[0]) * c) / (side - 1);
      if (width > 1) rows[at + 1] = y[0] + ((y[1] - y[0]) * r) / (side - 1);
    }
  }
  return rows;
}

/** For a network on points or a table: what each first unit makes of the plane. */
export function insidePoints(built: BuiltRun, frame: Frame): Inside {
  const { weight, bias, shape } = firstLayer(built);
  const [units, width] = [shape[0]!, shape[1]!];
  const rows = plane(frame, COARSE, width);
  const shown = Math.min(MAX_UNITS, units);
  const maps = Array.from({ length: shown }, (_, u) =>
    Float32Array.from({ length: COARSE * COARSE }, (_, i) => {
      let sum = bias[u]!;
      for (let j = 0; j < width; j++) sum += weight[u * width + j]! * rows[i * width + j]!;
      return gelu(sum);
    }),
  );
  const weights = Array.from({ length: shown }, (_, u) =>
    Float32Array.from({ length: width }, (_, j) => weight[u * width + j]!),
  );
  return {
    weights: tiles(weights, width, 1),
    activations: null,
    maps: tiles(maps, COARSE, COARSE),
    units,
  };
}

/** By Hendrycks and Gimpel's tanh form: to 1e-3 of the network's own, enough for a picture. */
const gelu = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export function decide(guess: Guesses, frame: Frame): Decision {
  const p = guess.probabilities(plane(frame, FINE, guess.held.features.rowStride));
  const count = guess.classes.length;
  const winner = new Uint8Array(FINE * FINE);
  const sure = new Float32Array(FINE * FINE);
  for (let i = 0; i < winner.length; i++) {
    for (let c = 0; c < count; c++) {
      if (!(p[i * count + c]! > sure[i]!)) continue;
      [winner[i], sure[i]] = [c, p[i * count + c]!];
    }
  }
  return { ...frame, side: FINE, winner, sure };
}
