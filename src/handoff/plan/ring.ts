/**
 * The latency–bandwidth model of rings. Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce algorithms for clusters of
 * workstations": in an all-gather or a reduce-scatter p processes pass p−1 messages of N/p bytes each; an all-reduce is one
 * of each. With a faster link inside each machine, the processes of a machine first share the sums out among themselves, and
 * each goes round the machines with its part alone (Mikami et al. 2018, arXiv 1811.05233, there called a torus).
 */
export interface Link {
  /** α: seconds a message takes however short it is. */
  readonly latency: number;
  /** β: bytes per second of one process's link. */
  readonly bandwidth: number;
}

/** What the processes of a training are joined by. */
export interface Network extends Link {
  /** The link between processes of one machine, and how many it has; all links are alike where this is missing. */
  readonly machine?: Link & { readonly processes: number };
}

/** Seconds of one all-gather or reduce-scatter of `bytes`, cut into `pieces` that follow each other; 0 for one process. */
export function ringPass(processes: number, bytes: number, network: Network, pieces = 1): number {
  const { machine } = network;
  const pass = (members: number, size: number, { latency, bandwidth }: Link): number =>
    (members - 1) * (pieces * latency + size / members / bandwidth);
  if (machine === undefined) return pass(processes, bytes, network);
  const inside = Math.min(processes, machine.processes);
  return pass(inside, bytes, machine) + pass(Math.ceil(processes / inside), bytes / inside, network);
}

/** Seconds to sum `bytes`, cut into `pieces` that follow each other, over `processes`; 0 for one. */
export const ringAllReduce = (processes: number, bytes: number, network: Network, pieces = 1): number =>
  2 * ringPass(processes, bytes, network, pieces);

/** Bytes each process sends in so many passes: one all-reduce. */
export const bytesSent = (processes: number, bytes: number, passes = 2): number =>
  (passes * (processes - 1) * bytes) / processes;

/** One measured all-reduce: bytes of the message and seconds it took. */
export interface Timing {
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * α and β from measured all-reduces of two or more sizes, by least squares on relative error: a large message must not
 * drown what the small ones say about latency.
 */
export function fitNetwork(processes: number, timings: readonly Timing[]): Link {
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
