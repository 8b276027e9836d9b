/**
 * The latency–bandwidth model of ring all-reduce. Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce algorithms for
 * clusters of workstations": p processes pass 2(p−1) messages of N/p bytes each.
 */
export interface Network {
  /** α: seconds a message takes however short it is. */
  readonly latency: number;
  /** β: bytes per second of one process's link. */
  readonly bandwidth: number;
}

/** Seconds to sum `bytes`, cut into `pieces` that follow each other, over `processes`; 0 for one. */
export function ringAllReduce(
  processes: number,
  bytes: number,
  { latency, bandwidth }: Network,
  pieces: number = 1,
): number {
  return 2 * (processes - 1) * (pieces * latency + bytes / processes / bandwidth);
}

/** Bytes each process sends in one all-reduce. */
export const bytesSent = (processes: number, bytes: number): number =>
  (2 * (processes - 1) * bytes) / processes;

/** One measured all-reduce: bytes of the message and seconds it took. */
export interface Timing {
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * α and β from measured all-reduces of two or more sizes, by least squares on relative error: a large message must not
 * drown what the small ones say about latency.
 */
export function fitNetwork(processes: number, timings: readonly Timing[]): Network {
  // seconds = a + b·bytes, weights 1/seconds²
  let [w, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (const { bytes, seconds } of timings) {
    const weight = 1 / seconds ** 2;
    w += weight;
    x += weight * bytes;
    y += weight * seconds;
    xx += weight * bytes * bytes;
    xy += weight * bytes * seconds;
  }
  const slope = (w * xy - x * y) / (w * xx - x * x);
  const start = (y - slope * x) / w;
  const messages = 2 * (processes - 1);
  return {
    latency: Math.max(0, start) / messages,
    bandwidth: messages / processes / slope,
  };
}
