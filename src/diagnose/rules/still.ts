/** Curves whose changes their own scatter hides. */
import type { Context } from "../context.ts";
import { madSigma, mean, median } from "../stats.ts";

/** Parts of the curve whose means are compared, and how many standard errors apart they must be to count as a change. */
const PARTS = 5;
const SEEN = 3.5;

/** No part of the curve lies off another, and the first value is not off them all, by more than the points scatter. */
export function hiddenByNoise({ loss, first }: Context): boolean {
  const size = Math.floor(loss.length / PARTS);
  if (size < 4) return false;
  const parts = Array.from({ length: PARTS }, (_, k) => loss.subarray(k * size, (k + 1) * size));
  const sigma = median(parts.map(madSigma));
  if (!(sigma > 0) || Math.abs(first - median(loss)) > SEEN * sigma) return false;
  const means = parts.map(mean);
  const error = sigma * Math.sqrt(2 / size);
  return Math.max(...means) - Math.min(...means) < SEEN * error;
}

/** The first value must not be rarer than this among the others to be one of them. */
const COMMON = 0.1;

/**
 * The loss is from its first value on what it is at the end, however unevenly it scatters: as where the weights fit already.
 * Medians, for a few hard batches make means of such a loss.
 */
export function restsFromStart({ loss, first }: Context): boolean {
  const size = Math.floor(loss.length / PARTS);
  if (size < 6) return false;
  const above = loss.reduce((a, v) => a + Number(v > first), 0) / loss.length;
  if (above < COMMON || above > 1 - COMMON) return false;
  const parts = Array.from({ length: PARTS }, (_, k) => loss.subarray(k * size, (k + 1) * size));
  const sigma = median(parts.map(madSigma));
  const medians = parts.map(median);
  // a median's error is a quarter larger than a mean's
  const error = 1.25 * sigma * Math.sqrt(2 / size);
  return Math.max(...medians) - Math.min(...medians) <= SEEN * error;
}

/** Standard errors by which the last fifth lies below the fifth that follows the first twentieth. */
export function fellSinceEarly({ loss }: Context): number {
  const part = (from: number): Float64Array =>
    loss.subarray(Math.floor(from * loss.length), Math.floor((from + 0.2) * loss.length));
  const [early, late] = [part(0.05), part(0.8)];
  const error = Math.hypot(madSigma(early), madSigma(late)) / Math.sqrt(early.length);
  const fall = mean(early) - mean(late);
  return error > 0 ? fall / error : Number.POSITIVE_INFINITY * Math.sign(fall) || 0;
}
