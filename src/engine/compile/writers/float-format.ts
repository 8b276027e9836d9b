/** Two float formats as the elementary functions see them, whatever code they are written in. */
import { artanhTail64, expTail32, expTail64, logTail32 } from "./coefficients.ts";

/** One float format and its constants. */
export interface FloatFormat {
  /** Bits of the fraction. */
  readonly fraction: number;
  readonly bias: number;
  /** 1.5·2^fraction: adding it rounds to an integer, which then is in the low bits. */
  readonly magic: number;
  /** ln 2 in two parts; the first has so few bits that its products with exponents are exact. */
  readonly ln2: readonly [number, number];
  /** Arguments of exp beyond which the result is 0 or ∞. */
  readonly expRange: readonly [number, number];
  /** −x beyond which eˣ + 1 and eˣ − 1 round to ±1 and beyond. */
  readonly saturated: number;
  /** −x up to which eˣ is still a normal number. */
  readonly normal: number;
  readonly expTail: readonly number[];
  readonly logTail: readonly number[];
  readonly minNormal: number;
  readonly maxFinite: number;
  readonly signBit: bigint;
  /** Bits of √½. */
  readonly rootHalf: bigint;
}

export const float32: FloatFormat = {
  fraction: 23,
  bias: 127,
  magic: 1.5 * 2 ** 23,
  ln2: [0.693359375, Math.LN2 - 0.693359375],
  expRange: [-104.5, 89],
  saturated: 20,
  normal: 86,
  expTail: expTail32,
  logTail: logTail32,
  minNormal: 2 ** -126,
  maxFinite: (2 - 2 ** -23) * 2 ** 127,
  signBit: 0x80000000n,
  rootHalf: 0x3f3504f3n,
};

const ln2High = Math.round(Math.LN2 * 2 ** 32) * 2 ** -32;
export const float64: FloatFormat = {
  fraction: 52,
  bias: 1023,
  magic: 1.5 * 2 ** 52,
  // ln 2 to 33 more digits than float64 holds: 0.69314718055994530941723212145817657 (OEIS A002162)
  ln2: [ln2High, Math.LN2 - ln2High + 2.319046813846299e-17],
  expRange: [-746, 710],
  saturated: 44,
  normal: 707,
  expTail: expTail64,
  logTail: artanhTail64,
  minNormal: 2 ** -1022,
  maxFinite: Number.MAX_VALUE,
  signBit: 0x8000000000000000n,
  rootHalf: 0x3fe6a09e667f3bcdn,
};

/** π/2 in two parts; n times the first, of 33 bits, is exact in float64 up to |n| = 2²⁰. */
export const halfPi: readonly [number, number] = [0x1921fb544 / 2 ** 32, 6.077100506506192e-11];
