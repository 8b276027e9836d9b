/** The vertical axis of a sketch: a few characters high, so its scale is chosen more eagerly than a drawing's. */
import { resolveAxis } from "./axis.ts";
import type { Axis } from "./chart.ts";
import { showValue } from "./numbers.ts";

export interface SketchAxis {
  readonly kind: "linear" | "log" | "asinh";
  /** Value → 0 (bottom) … 1 (top); NaN where it has no place. */
  readonly place: (v: number) => number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

/** A log axis helps from this ratio of the largest to the smallest value, */
const LOG_FROM = 12;
/** or from this one when half of the points would lie in so small a part of a linear axis. */
const LOG_FROM_CROWDED = 3;
const CROWDED = 0.15;
/** From this multiple of the usual size on, values of both signs are compressed. */
const ASINH_FROM = 50;

interface Choice {
  readonly kind: SketchAxis["kind"];
  /** Typical size, for asinh. */
  readonly usual: number;
}

function choose(values: Float64Array, wanted: Axis["scale"]): Choice {
  const sorted = values.filter(Number.isFinite).sort();
  const min = sorted[0] ?? 0;
  const max = sorted[sorted.length - 1] ?? 0;
  const usual = sorted.map(Math.abs).sort()[sorted.length >> 1] || 1;
  if (wanted !== "auto") return { kind: wanted === "log" && max > 0 ? "log" : "linear", usual };
  const crowded = (sorted[sorted.length >> 1] ?? 0) - min < CROWDED * (max - min);
  if (min > 0 && max / min >= (crowded ? LOG_FROM_CROWDED : LOG_FROM)) return { kind: "log", usual };
  const asinh = min <= 0 && Math.max(max, -min) > ASINH_FROM * usual;
  return { kind: asinh ? "asinh" : "linear", usual };
}

export function sketchAxis(axis: Axis, values: Float64Array, height: number): SketchAxis {
  const { kind, usual } = choose(values, axis.scale);
  if (kind === "asinh") return asinhAxis(values, usual, height);
  const { domain, ticks, format } = resolveAxis({ ...axis, scale: kind }, values, {
    target: Math.max(2, Math.floor(height / 3)),
    pad: 0.02,
  });
  const to = kind === "log" ? Math.log : (v: number): number => v;
  const [low, width] = [to(domain[0]) / 2, to(domain[1]) / 2 - to(domain[0]) / 2];
  const place = (v: number): number =>
    Number.isFinite(v) && (kind !== "log" || v > 0)
      ? Math.min(1, Math.max(0, (to(v) / 2 - low) / width))
      : Number.NaN;
  return { kind, place, ticks: ticks.map((v) => ({ at: place(v), label: format(v) })) };
}

/** asinh(v / usual): linear near 0 and logarithmic far from it. Labelled at the bottom, in the middle and at the top. */
function asinhAxis(values: Float64Array, usual: number, height: number): SketchAxis {
  const finite = values.filter(Number.isFinite).map((v) => Math.asinh(v / usual));
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  return {
    kind: "asinh",
    place: (v) => (Number.isFinite(v) ? (Math.asinh(v / usual) - low) / (high - low) : Number.NaN),
    ticks: (height < 3 ? [0, 1] : [0, 0.5, 1]).map((at) => ({
      at,
      label: showValue(usual * Math.sinh(low + at * (high - low))),
    })),
  };
}

/** The curve in one line of eighth blocks, for tables. */
export function spark(values: Float64Array, width: number): string {
  const { place } = sketchAxis({ label: "", scale: "auto" }, values, 1);
  const levels = Array.from({ length: width }, (_, c) => {
    const [from, to] = [0, 1].map((k) => Math.floor(((c + k) * values.length) / width)) as [number, number];
    const part = values.subarray(from, Math.max(from + 1, to));
    return part.every(Number.isFinite) ? part.reduce((a, v) => a + place(v), 0) / part.length : Number.NaN;
  });
  const finite = levels.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return levels
    .map((v) =>
      Number.isNaN(v) ? "✗" : "▁▂▃▄▅▆▇█"[high > low ? Math.round((7 * (v - low)) / (high - low)) : 0]!,
    )
    .join("");
}
