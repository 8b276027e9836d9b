import { readLog, seriesOf } from "steepest/logs";
import { debiasedEma } from "steepest/plot";
import { logCurve, type Thumb } from "../../lib/thumb.ts";
import { fetchExample } from "./worker.ts";

/** The loss of the example that blew up, as logged and averaged. */
export async function thumb(): Promise<Thumb> {
  const [source] = await fetchExample("diverged");
  const [log] = await readLog(new Uint8Array(await source!.blob.arrayBuffer()), { source: source!.name });
  const { values } = seriesOf(log!, "loss")!;
  const raw = logCurve(values, 1e-3);
  const heights = raw.filter((_, i) => i % 2 === 1);
  return {
    x: [0, values.length],
    y: [Math.min(...heights) - 0.2, Math.max(...heights) + 0.2],
    still: [{ points: raw, slot: 0 }],
    paths: [{ points: logCurve(debiasedEma([...values], 0.9), 1e-3), slot: 1 }],
  };
}
