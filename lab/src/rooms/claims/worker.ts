/** The lesson's experiments, one at a time, with progress. */

import { wasm } from "steepest/engine";
import { type ClaimResult, claims, isMap, lessonContext, runClaim } from "steepest/lesson";
import type { Chart, TrajectoryMap } from "steepest/plot";
import type { Report } from "../../lib/engine.ts";

export interface Tried {
  readonly result: ClaimResult;
  readonly charts: readonly Chart[];
  readonly maps: readonly TrajectoryMap[];
  readonly seconds: number;
}

/** null: stopped. */
export async function tryClaim(id: string, report: Report<number>): Promise<Tried | null> {
  const row = claims.find((c) => c.name === id)!;
  const stop = new AbortController();
  const start = performance.now();
  try {
    const context = lessonContext({
      backend: wasm,
      signal: stop.signal,
      onProgress: (done) => {
        void report(done).then((goOn) => {
          if (!goOn) stop.abort();
        });
      },
    });
    const { result, figures } = await runClaim(row, context);
    const pictures = Object.values(figures());
    return {
      result,
      charts: pictures.flatMap((p) => (isMap(p) ? [] : [p])),
      maps: pictures.filter(isMap),
      seconds: (performance.now() - start) / 1000,
    };
  } catch (error) {
    if (stop.signal.aborted) return null;
    throw error;
  }
}
