/** From the values on an axis to its scale, its domain and its ticks. */
import type { Axis } from "./chart.ts";
import { showTick, showValue, superscript } from "./numbers.ts";

export interface ResolvedAxis {
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** Lines without a label, between the ticks of a log axis. */
  readonly minor: readonly number[];
  readonly format: (x: number) => string;
}

/** Beyond this, differences of two values overflow: linear axes are cut there. */
const LARGEST = 4e307;
/** An `auto` axis becomes logarithmic when the values span more than this factor. */
const LOG_FROM = 30;

export function resolveAxis(
  axis: Axis,
  values: Iterable<number>,
  { target = 6, pad = 0.05 }: { target?: number; pad?: number } = {},
): ResolvedAxis {
  let [low, high, minPositive] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value > 0) minPositive = Math.min(minPositive, value);
  }
  const wanted = axis.scale ?? "linear";
  const log =
    (wanted === "log" && minPositive < Number.POSITIVE_INFINITY) ||
    (wanted === "auto" && low > 0 && high / low > LOG_FROM);
  if (axis.domain) [low, high] = axis.domain;
  else if (low > high) [low, high] = [0, 1];
  if (log) return logAxis(Math.max(low, minPositive), high, { target, pad: axis.domain ? 0 : pad });
  if (axis.zero && low > 0) low = 0;
  return linearAxis(low, high, { target, pad: axis.domain ? 0 : pad, zero: axis.zero ?? false });
}

function linearAxis(
  low: number,
  high: number,
  { target, pad, zero }: { target: number; pad: number; zero: boolean },
): ResolvedAxis {
  low = Math.max(low, -LARGEST);
  high = Math.min(high, LARGEST);
  // closer than float64 can place ticks between: the same as constant
  if (high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high)) || high === low) {
    const around = Math.abs(low) / 10 || 1;
    [low, high] = low >= 0 && zero ? [0, high + around] : [low - around, high + around];
  } else if (pad > 0) {
    const by = (high - low) * pad;
    low = zero && low === 0 ? 0 : low - by;
    high += by;
  }
  const step = niceStep((high - low) / target);
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) ticks.push(k * step);
  return { type: "linear", domain: [low, high], ticks, minor: [], format: (x) => showTick(x, step) };
}

/** The 1, 2 or 5 times a power of ten whose ratio to `rough` is least. */
function niceStep(rough: number): number {
  const exponent = Math.max(-320, Math.floor(Math.log10(rough)));
  // bounds are the geometric means of neighbours: √2, √10, √50
  for (const [m, upTo] of [
    [1, 1.415],
    [2, 3.163],
    [5, 7.072],
    [10, 11],
  ] as const) {
    // a literal, because m * 10 ** e is not the closest number to it
    const step = Number(`${m}e${exponent}`);
    if (step > 0 && (rough / step) * m <= upTo) return step;
  }
  return rough;
}

function logAxis(low: number, high: number, { target, pad }: { target: number; pad: number }): ResolvedAxis {
  let [a, b] = [Math.log10(low), Math.log10(high)];
  const by = b - a < 1e-9 ? 0.3 : (b - a) * pad;
  a = Math.max(-323, a - by);
  b = Math.min(308.2, b + by);
  const domain: [number, number] = [10 ** a || Number.MIN_VALUE, 10 ** b];
  const inside = (x: number): boolean => x >= domain[0] * (1 - 1e-9) && x <= domain[1] * (1 + 1e-9);
  const decades: number[] = [];
  for (let e = Math.ceil(a - 1e-9); e <= b + 1e-9; e++) decades.push(e);
  const power = (e: number, m = 1): number => Number(`${m}e${e}`);
  if (b - a < 0.7) {
    // less than a factor of five: the ticks of a linear axis are the readable ones
    const { ticks, format } = linearAxis(domain[0], domain[1], { target, pad: 0, zero: false });
    return { type: "log", domain, ticks, minor: [], format };
  }
  const each = (multiples: readonly number[]): number[] =>
    [Math.floor(a), ...decades].flatMap((e) => multiples.map((m) => power(e, m))).filter(inside);
  const unique = (xs: number[]): number[] => [...new Set(xs)];
  if (decades.length < 3) {
    const ticks = unique(each(b - a < 1.3 ? [1, 2, 3, 5] : [1, 2, 5]));
    const minor = unique(each([1, 2, 3, 4, 5, 6, 7, 8, 9])).filter((x) => !ticks.includes(x));
    return { type: "log", domain, ticks, minor, format: (x) => showValue(x, { digits: 1 }) };
  }
  const stride = decadeStride(decades.length, target + 1);
  const shown = decades.filter((e) => e % stride === 0);
  const minor =
    stride === 1
      ? unique(each([2, 3, 4, 5, 6, 7, 8, 9]))
      : decades.length <= 30
        ? decades.filter((e) => e % stride !== 0).map((e) => power(e))
        : [];
  // one notation for the whole axis: plain if every label is short
  const plain = shown.every((e) => e >= -3 && e <= 4);
  const format = (x: number): string => {
    const e = Math.round(Math.log10(x));
    return plain ? showValue(power(e), { digits: 1 }) : `10${superscript(e)}`;
  };
  return { type: "log", domain, ticks: shown.map((e) => power(e)), minor, format };
}

function decadeStride(decades: number, target: number): number {
  return [1, 2, 3, 5, 10, 20, 50, 100].find((s) => decades / s <= target) ?? 100;
}
