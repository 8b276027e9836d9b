/** Flat stretches: stuck from the start, late onset, weights not moving, a matter of scale. */
import { type Context, round, span } from "../context.ts";
import { madSigma, median } from "../stats.ts";
import type { Rule } from "./rule.ts";

type Kind = "stuck" | "not-moving" | "scale" | "late-onset";

const TEXT: Readonly<Record<Kind, readonly [advice: string, alternative: string, decide: string]>> = {
  stuck: [
    "The loss has not left its starting level. That alone doesn't say whether the rate is too low or too high: check that the parameters are trained, then try 10× up and 10× down.",
    "a rate so high that the first steps saturated the network",
    "the gradient norm, the update-to-weight ratio, and two short runs at 10× and 0.1× the rate",
  ],
  "not-moving": [
    "Gradients arrive but the loss stays: check that the optimizer holds these parameters and that they are not frozen; only then raise the rate.",
    "a rate far too low",
    "the norm of the update divided by the norm of the weights",
  ],
  scale: [
    "The loss creeps by less than a thousandth of its size, always the same way: the rate is far too low for this scale, or the targets should be standardised.",
    "inputs or targets in large units",
    "the same run with standardised data, and one at 100× the rate",
  ],
  "late-onset": [
    "The loss lay still and then began to fall: keep the run, and judge it only from the fall on. A warm-up or a better initialisation shortens such a start.",
    "a saddle or symmetric start",
    "a second seed",
  ],
};

export function plateauKind(
  c: Context,
): { kind: Kind; from: number; to: number; change: number; sigmas: number } | null {
  const n = c.log.length;
  if (n < 30) return null;
  const part = (a: number, b: number): number =>
    median(c.log.subarray(Math.floor(n * a), Math.max(Math.floor(n * b), Math.floor(n * a) + 3)));
  const start = part(0, 0.1);
  const finish = part(0.9, 1);
  const change = Math.abs(finish - start);
  const noise = Math.max(c.sigma / Math.sqrt(Math.max(1, n / 20)), 1e-12);
  const sigmas = change / noise;
  // what fell within the first points has left its start, however flat the rest
  const fell = c.log[0]! - start;
  if (change < 0.02 && fell > Math.max(0.2, 8 * c.sigma)) return null;
  if (change < 0.02) {
    const steady = c.log.subarray(1).reduce((a, v, i) => a + Math.sign(v - c.log[i]!), 0) / (n - 1);
    if (change < 1e-2 && change > 0 && Math.abs(steady) > 0.9)
      return { kind: "scale", from: 0, to: n - 1, change, sigmas };
    if (sigmas > 6 && change > 5e-3) return null; // small but real progress: `slow-progress` says so
    const g = c.gradNorm?.filter((v) => v > 0);
    const steadyGradient =
      g && g.length > n / 2 && madSigma(g) < 0.5 * median(g) && c.first > 0 && median(g) > 0.5 * c.first;
    return { kind: steadyGradient ? "not-moving" : "stuck", from: 0, to: n - 1, change, sigmas };
  }
  const total = start - finish;
  if (total > Math.max(0.1, 8 * noise) && n >= 60) {
    let to = 0;
    while (to < n && Math.abs(c.level[to]! - start) < 0.05 * total) to++;
    if (to > 0.15 * n) return { kind: "late-onset", from: 0, to, change: total, sigmas };
  }
  return null;
}

export const plateau: Rule = {
  name: "plateau",
  severity: "warning",
  about: "flat stretches: stuck, weights not moving, scale, late onset",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: [],
  notTheRate: false,
  direction: "neither",
  detect(c) {
    const found = plateauKind(c);
    if (!found) return [];
    const [advice, alternative, decide] = TEXT[found.kind];
    return [
      {
        steps: span(c, found.from, found.to),
        severity: found.kind === "late-onset" ? "info" : "warning",
        direction: found.kind === "scale" ? "raise" : "neither",
        evidence: {
          kind: found.kind,
          relativeChange: round(Math.expm1(found.change), 3),
          changeInSigma: round(found.sigmas, 3),
          level: round(c.first),
        },
        advice,
        alternatives: [alternative],
        decide,
      },
    ];
  },
};
