/** Columns of very different scales: one rate can't fit them all, and the narrow ones are learnt last. */
import type { Dataset } from "../../data/dataset.ts";
import { spreads } from "../../data/standardize.ts";
import { showWhole } from "../../run/show-number.ts";

/** How many times as wide as another a column must spread to be worth a word. */
const WORTH = 30;

export function spreadNote(data: Dataset): string | null {
  const found = spreads(data);
  if (found === null || found.ratio < WORTH) return null;
  const { widest, narrowest, ratio } = found;
  return `note: the column "${widest}" spreads ${showWhole(Math.round(ratio))} times as wide as "${narrowest}"; "standardize": true in data brings all to one scale`;
}
