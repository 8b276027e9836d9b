/** What came out, in words made of the measured numbers. */
import type { Slid, Walked, Wells } from "./worker.ts";

interface Words {
  readonly tone: "good" | "info" | "warning" | "critical";
  readonly title: string;
  readonly why: string;
}

const short = (x: number): string => String(Number(x.toPrecision(3))).replace("-", "−");
const percent = (share: number): string =>
  `${(100 * share).toFixed(share === 0 || share === 1 || (share > 0.005 && share < 0.995) ? 0 : 1)} %`;

export function wellWords({ flat, curvature, runs, asked }: Walked & { readonly asked: Wells }): Words {
  const end = flat.at(-1)!;
  const { lr, beta, sigma, from } = asked;
  const sharpBears = (2 * (1 + beta)) / curvature.sharp;
  const flatBears = (2 * (1 + beta)) / curvature.flat;
  const above = lr > sharpBears;
  const title = `${percent(end)} of ${runs} runs end in the flat valley`;
  const side = above
    ? `The rate ${short(lr)} is above 2(1+β)/λ = ${short(sharpBears)}: the sharp minimum cannot hold it`
    : `The rate ${short(lr)} is below 2(1+β)/λ = ${short(sharpBears)}: without noise, who is in the sharp minimum stays`;
  if (sigma === 0) {
    const where =
      from === "sharp"
        ? ". A run exactly at the minimum has no slope and does not move; start beside it."
        : ".";
    return { tone: above ? "good" : "info", title, why: side + where };
  }
  const noise = above
    ? `, but noise ${short(sigma)} at this rate also carries runs back over the ridge`
    : end > 0.02 && from !== "anywhere"
      ? `; noise ${short(sigma)} throws ${end > 0.5 ? "most" : "some"} over the ridge`
      : `, and noise ${short(sigma)} at this rate is too small to throw many out`;
  const back = above && end > 0.97 ? `, and the flat one holds rates up to ${short(flatBears)}` : noise;
  return { tone: end > 0.9 ? "good" : end > 0.1 ? "warning" : "info", title, why: `${side}${back}.` };
}

interface Slide extends Slid {
  readonly rate: number;
  readonly memory: number;
  readonly labels: number;
}

export function slideWords({ rate, memory, labels, diverged, final, sharpness, peak }: Slide): Words {
  const bears = (2 * (1 + memory)) / rate;
  const first = sharpness[0]!;
  const limit = `the rate bears a curvature of up to 2(1+β)/η = ${short(bears)}`;
  if (diverged) {
    return {
      tone: "critical",
      title: "Thrown too far: it diverges",
      why: `Here ${limit}, the start has ${short(first)}.`,
    };
  }
  const fell = `sharpness ${short(first)} at the start, ${short(final)} in the end`;
  if (labels > 0) {
    const why = `Mean of 16 runs after 20,000 steps: ${fell}. Each wrong label pushes along the floor a little; the pushes add up.`;
    return {
      tone: final < 0.9 * first ? "good" : "info",
      title: final < 0.9 * first ? "It drifts to flatter places" : "It hardly drifts",
      why,
    };
  }
  if (first > bears) {
    return {
      tone: "warning",
      title: `Catapulted: from ${short(first)} to ${short(final)}`,
      why: `The start is sharper than the rate can hold, since ${limit}. The loss rises to ${short(peak)} on the way, until the run lands where it is flat enough.`,
    };
  }
  return {
    tone: "info",
    title: `It settles without being thrown, at sharpness ${short(final)}`,
    why: `Since ${limit}, nothing throws it out: ${fell}.`,
  };
}
