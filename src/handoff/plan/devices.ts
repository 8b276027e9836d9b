/**
 * How products are computed: in float32; in TF32, of which float32 keeps 10 bits; in bfloat16 or float16, with what lies
 * between the products held so.
 */
export type Precision = "float32" | "tf32" | "half";

/** One GPU of NVIDIA's, by its data sheet. */
export interface Device {
  readonly name: string;
  /** Operations of products a second, without sparsity; null what it does not have. */
  readonly peak: Readonly<Record<Precision, number | null>>;
  /** The smaller format that it computes in. */
  readonly half: "bfloat16" | "float16";
  /** Bytes a second. */
  readonly memory: number;
  /** Multiprocessors: the tiles of a product are dealt out to them. */
  readonly units: number;
  /** Bytes a second of one GPU's link to its neighbours, one way; null where they share the PCIe bus. */
  readonly link: number | null;
}

/** Tflop/s in float32, TF32 (0: none) and half precision; GB/s of memory; multiprocessors; GB/s of NVLink (0: none). */
const device = (name: string, figures: readonly number[], half: Device["half"] = "bfloat16"): Device => {
  const [float32, tf32, halves, memory, units, link] = figures as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    name,
    peak: { float32: float32 * 1e12, tf32: tf32 === 0 ? null : tf32 * 1e12, half: halves * 1e12 },
    half,
    memory: memory * 1e9,
    units,
    link: link === 0 ? null : link * 1e9,
  };
};

/** Those that plans can name: SXM2 of the V100, SXM of A100 (80 GB), H100 and H200. */
export const devices: readonly Device[] = [
  device("v100", [15.7, 0, 125, 900, 80, 150], "float16"),
  device("t4", [8.1, 0, 65, 320, 40, 0], "float16"),
  device("a100", [19.5, 156, 312, 2039, 108, 300]),
  device("l4", [30.3, 60.5, 121, 300, 58, 0]),
  device("l40s", [91.6, 183, 362, 864, 142, 0]),
  device("rtx4090", [82.6, 82.6, 165, 1008, 128, 0]),
  device("h100", [67, 494, 989, 3350, 132, 450]),
  device("h200", [67, 494, 989, 4800, 132, 450]),
];

/**
 * Standard deviation of a process's time for a step, over its mean, where nobody measured it: chosen on the ResNet-50 rows of
 * scripts/plan-published.ts, tried on those of BERT.
 */
export const ASSUMED_JITTER = 0.02;
