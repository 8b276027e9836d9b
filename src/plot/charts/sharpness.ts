/** The largest curvature along training, beside what the learning rate bears (Cohen et al. 2021: the edge of stability). */
import type { Chart } from "../chart.ts";

export interface SharpnessCurves {
  readonly title: string;
  readonly subtitle?: string;
  readonly points: readonly {
    readonly step: number;
    readonly sharpness: number;
    /** Of the preconditioned Hessian; null where the optimizer divides by nothing. */
    readonly preconditioned: number | null;
    /** The sharpness that the rate just bears. */
    readonly limit: number | null;
  }[];
}

export function sharpnessChart({ title, subtitle, points }: SharpnessCurves): Chart {
  const adaptive = points.some((p) => p.preconditioned !== null);
  const pick = (
    name: string,
    slot: number,
    of: (p: SharpnessCurves["points"][number]) => number | null,
  ): { name: string; slot: number; x: number[]; y: number[] } => {
    const used = points.filter((p) => of(p) !== null && Number.isFinite(of(p)) && of(p)! < 1e29);
    return { name, slot, x: used.map((p) => p.step), y: used.map((p) => of(p)!) };
  };
  const x = { label: "step" } as const;
  const limit = pick("what the rate bears", 1, (p) => p.limit);
  const plain = pick("λmax of the Hessian", 0, (p) => p.sharpness);
  const scaled = pick("λmax of the preconditioned Hessian", 2, (p) => p.preconditioned);
  const seen = (...all: readonly { x: number[] }[]): boolean => all.some((s) => s.x.length > 0);
  return {
    title,
    ...(subtitle !== undefined && { subtitle }),
    panels: adaptive
      ? [
          {
            kind: "lines",
            x,
            y: { label: "preconditioned sharpness", scale: "auto" },
            series: seen(limit) ? [scaled, limit] : [scaled],
            weight: 1.4,
          },
          { kind: "lines", x, y: { label: "sharpness", scale: "auto" }, series: [plain] },
        ]
      : [
          {
            kind: "lines",
            x,
            y: { label: "sharpness", scale: "auto" },
            series: seen(limit) ? [plain, limit] : [plain],
          },
        ],
  };
}
