/** What the page can call: everything of measure.ts, and the lesson's experiment on escapes. */

import { wasm } from "steepest/engine";
import { claims, lessonContext, type Measured, runClaim } from "steepest/lesson";
import type { Report } from "../../lib/engine.ts";

export * from "./measure.ts";

export interface Escapes {
  readonly noises: readonly number[];
  /** Share of runs that left the worse well, and the better one. */
  readonly fromWorse: readonly number[];
  readonly fromBetter: readonly number[];
  readonly saddle: { readonly mean: number; readonly max: number; readonly stayed: number };
}

const RUNS = 400;

/** The lesson's experiment, with fewer runs; null: stopped. */
export async function escapes(seed: number, report: Report<number>): Promise<Escapes | null> {
  const row = claims.find((claim) => claim.name === "C12")!;
  const stop = new AbortController();
  const context = lessonContext({
    backend: wasm,
    signal: stop.signal,
    onProgress: (done) => {
      void report(done).then((goOn) => {
        if (!goOn) stop.abort();
      });
    },
  });
  try {
    const { measured } = (await runClaim(row, context, { runs: RUNS, seed })).result;
    const { noises, fromWorse, fromBetter, saddle } = measured as Measured &
      Omit<Escapes, "saddle"> & { readonly saddle: { readonly noisy: Escapes["saddle"] } };
    return { noises, fromWorse, fromBetter, saddle: saddle.noisy };
  } catch (problem) {
    if (stop.signal.aborted) return null;
    throw problem;
  }
}
