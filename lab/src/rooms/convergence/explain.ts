/** What a comparison with the bounds comes to, in words. */
import { say } from "../../lib/numbers.ts";
import type { BoundSeen, Measured } from "./worker.ts";

export interface Words {
  readonly tone: "good" | "info" | "warning" | "critical";
  readonly title: string;
  readonly why: string;
}

export const names: Readonly<Record<string, string>> = {
  convex: "1/k",
  "convex-sharp": "1/k, best constant",
  "convex-general": "1/k, up to 2/L",
  linear: "exponential",
  "linear-sharp": "exponential, best factor",
};

export const needs = {
  convex: "a convex loss",
  "strongly-convex": "curvature above zero everywhere",
  "at-most-1/L": "a rate of at most 1/L",
  "below-2/L": "a rate below 2/L",
} as const;

const closest = (bounds: readonly BoundSeen[]): BoundSeen | null =>
  bounds.reduce<BoundSeen | null>(
    (best, b) => (b.margin && (best?.margin == null || b.margin.ratio < best.margin.ratio) ? b : best),
    null,
  );

export function judge({ asked, bounds, gap }: Measured): Words {
  const { shape, rate } = asked;
  const promised = bounds.filter((b) => b.broken.length === 0 && b.holds !== null);
  const missed = bounds.filter((b) => b.holds === false);
  const last = gap.length - 1;
  const listed = (of: readonly BoundSeen[]): string => of.map((b) => `“${names[b.id]}”`).join(", ");
  if (rate >= 2 && !(gap[last]! < gap[0]!)) {
    return {
      tone: "critical",
      title: rate === 2 ? "At 2/L it never settles" : "Above 2/L it flies out, and nothing is promised",
      why: `After ${last} steps the gap is ${say(gap[last]! / gap[0]!)} times the first one. Each theorem asks for a rate below 2/L.`,
    };
  }
  if (shape === "saddle") {
    return {
      tone: "warning",
      title: missed.length > 0 ? "Not convex: the 1/k line is crossed" : "Not convex: nothing is promised",
      why: `Beside the ridge there is hardly any slope, so the walk rests near the saddle while the line falls. Here it comes down in the end: the theorem could not know.${missed[0]?.margin ? ` At step ${missed[0].margin.step} the gap is ${say(1 / missed[0].margin.ratio)} times the “${names[missed[0].id]}” line.` : ""}`,
    };
  }
  if (promised.some((b) => b.holds === false)) {
    return {
      tone: "critical",
      title: "A promised bound is broken",
      why: `${listed(promised.filter((b) => b.holds === false))}: this should not happen; please tell us.`,
    };
  }
  const best = closest(promised);
  const margin =
    best?.margin &&
    (best.margin.ratio < 1.0005
      ? `The “${names[best.id]}” line is touched at step ${best.margin.step}: nothing sharper could be promised.`
      : `The nearest is “${names[best.id]}”: at step ${best.margin.step} it is ${say(best.margin.ratio)} times the gap.`);
  if (rate > 1) {
    return {
      tone: "info",
      title:
        missed.length > 0
          ? "Above 1/L: a 1/k line is crossed"
          : "Above 1/L two of the 1/k lines are no promise any more",
      why: `${missed.length > 0 ? `Crossed: ${listed(missed)}. ` : "Here they are kept all the same. "}${margin ?? "The gap is zero: there is nothing left to compare."}`,
    };
  }
  return {
    tone: "good",
    title:
      promised.length === 1
        ? "The bound holds at every step"
        : `All ${promised.length} bounds hold at every step`,
    why: margin ?? "The gap is zero after the first step: there is nothing left to compare.",
  };
}
