/** Abrupt changes of level that the optimizer did not cause: epoch staircases and changes of objective. */
import { type Context, round, span } from "../context.ts";
import type { Boundary } from "../segment.ts";
import { madSigma, median } from "../stats.ts";
import type { Rule } from "./rule.ts";

interface Shift {
  readonly index: number;
  /** Change of log-loss; negative is down. */
  readonly size: number;
}

/** Level changes between one point and the next that hold for `HOLD` points on both sides. */
const HOLD = 8;
export function shifts(c: Context): Shift[] {
  const n = c.log.length;
  const out: Shift[] = [];
  for (let i = HOLD; i + HOLD <= n; i++) {
    if (Math.abs(c.level[i + 4]! - c.level[i - 5]!) < 0.08) continue;
    const before = c.log.subarray(i - HOLD, i);
    const after = c.log.subarray(i, i + HOLD);
    const size = median(after) - median(before);
    // the two sides must not overlap and must each be flat compared with the jump
    if (Math.abs(size) < 0.1) continue;
    const spread = Math.max(madSigma(before), madSigma(after));
    const half = HOLD >> 1;
    const drift =
      Math.abs(median(before.subarray(half)) - median(before.subarray(0, half))) +
      Math.abs(median(after.subarray(half)) - median(after.subarray(0, half)));
    if (Math.abs(size) < 5 * spread || drift > 0.35 * Math.abs(size)) continue;
    const last = out[out.length - 1];
    if (last && i - last.index < HOLD) {
      if (Math.abs(size) > Math.abs(last.size)) out[out.length - 1] = { index: i, size };
    } else out.push({ index: i, size });
  }
  return out;
}

/** Downward shifts at epoch boundaries, or (without an epoch series) two or more at equal distances. */
function stairs(c: Context): Shift[] {
  const epochs = c.boundaries.filter((b) => b.kind === "epoch");
  if (epochs.length > 0) return atEpochs(c, epochs);
  const down = shifts(c).filter((s) => s.size < 0);
  if (down.length < 2) return [];
  const gaps = down.map((s, i) => c.steps[s.index]! - (i === 0 ? c.steps[0]! : c.steps[down[i - 1]!.index]!));
  const usual = median(gaps);
  return gaps.every((g) => Math.abs(g - usual) < 0.1 * usual) ? down : [];
}

/** Epoch boundaries where the level falls by a tenth or more, against a quarter of an epoch on each side that stays flat. */
function atEpochs(c: Context, epochs: readonly Boundary[]): Shift[] {
  const out: Shift[] = [];
  epochs.forEach((epoch, k) => {
    const at = c.position.findIndex((p) => p >= epoch.index);
    const length = epoch.index - (epochs[k - 1]?.index ?? 0);
    const w = Math.min(40, Math.floor(length / 4), at, c.log.length - at);
    if (w < 4) return;
    const before = c.log.subarray(at - w, at);
    const after = c.log.subarray(at, at + w);
    const size = median(after) - median(before);
    const error = (1.25 * Math.hypot(madSigma(before), madSigma(after))) / Math.sqrt(w);
    const drift = at >= 2 * w ? median(before) - median(c.log.subarray(at - 2 * w, at - w)) : 0;
    if (size < -0.1 && -size > 4 * error && Math.abs(drift) < 0.35 * -size) out.push({ index: at, size });
  });
  return out;
}

export const epochStaircase: Rule = {
  name: "epoch-staircase",
  severity: "info",
  about: "level falls at epoch boundaries and rests or rises between them: the data is being memorised",
  needs: ["finite", "descent"],
  alerts: null,
  absorbs: [],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const found = stairs(c);
    if (found.length === 0 || c.loss.length < 40) return [];
    // a staircase: most of the fall is in the stairs, not between them
    const inStairs = -found.reduce((a, s) => a + s.size, 0);
    const settled = median(
      c.log.subarray(Math.floor(c.log.length * 0.05), Math.floor(c.log.length * 0.05) + HOLD),
    );
    const total = settled - median(c.log.subarray(c.log.length - HOLD));
    if (inStairs < 0.6 * total) return [];
    return [
      {
        steps: span(c, found[0]!.index, found[found.length - 1]!.index),
        evidence: {
          stairs: found.length,
          atSteps: found.map((s) => c.steps[s.index]!),
          fallAtStairs: round(-Math.expm1(-inStairs), 3),
        },
        advice:
          "The loss falls exactly where an epoch begins: examples seen before are remembered. Judge by validation loss; fewer epochs or more data help, another learning rate does not.",
        alternatives: ["a step schedule of the learning rate that changes once an epoch"],
        decide: "the validation loss at each epoch",
      },
    ];
  },
};

export const objectiveChange: Rule = {
  name: "objective-change",
  severity: "warning",
  about: "the level jumps where new series begin: another objective, not a divergence",
  needs: ["finite"],
  alerts: null,
  absorbs: [],
  notTheRate: true,
  direction: "neither",
  detect(c) {
    const n = c.loss.length;
    return c.boundaries.flatMap((b) => {
      if (b.kind !== "new-series" || n < 6) return [];
      const at = c.position.findIndex((p) => p >= b.index);
      const near = Math.min(HOLD, at, n - at);
      if (near < 2) return [];
      const jump = median(c.log.subarray(at, at + near)) - median(c.log.subarray(at - near, at));
      if (!(Math.abs(jump) > Math.max(Math.log(1.5), 8 * c.sigma))) return [];
      return [
        {
          steps: [c.steps[at]!, c.steps[n - 1]!] as const,
          evidence: { newSeries: (b.names ?? []).join(", "), factor: round(Math.exp(jump), 3), step: b.step },
          advice:
            "New terms enter the log at the jump, so the losses before and after are different quantities. Compare each part with itself, and plot the terms apart.",
          alternatives: ["a divergence that happens to start there"],
          decide: "each term of the loss in its own series",
        },
      ];
    });
  },
};
