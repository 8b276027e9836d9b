/** The search that chose a run's rate, as `find-lr.json` in its folder tells it (`steepest.find-lr/1`). */
import { type RangeTestRecord, rangeTestChart } from "../../plot/charts/range-test.ts";
import type { Chart } from "../../plot/index.ts";
import { showNumber } from "../../run/show-number.ts";

/** Null for a run whose rate was given, and for a record of another kind. */
export function rangeTest(from: unknown): { readonly chart: Chart; readonly words: string } | null {
  if (!isRangeTest(from)) return null;
  const { suggestion, reason, spread } = from;
  const between = spread ? ` (the best between ${showNumber(spread[0])} and ${showNumber(spread[1])})` : "";
  const words =
    suggestion === null
      ? `No rate is suggested: ${reason}.`
      : `The search suggests ${showNumber(suggestion)}${between}: ${reason}.`;
  // what other tools would pick belongs to find-lr's own chart
  const { rules: _, ...own } = from;
  return { words, chart: rangeTestChart(own, { title: "Loss by learning rate" }) };
}

const isRangeTest = (from: unknown): from is RangeTestRecord =>
  typeof from === "object" && from !== null && "schema" in from && from.schema === "steepest.find-lr/1";
