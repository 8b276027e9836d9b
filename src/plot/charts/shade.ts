/** Colours of tiles by a share, and text that can be read on them. */
import type { Theme } from "../theme/index.ts";

/** From the theme's first colour (0) to nearly its background (1). */
export function shadeColour(shade: number, { series, background }: Theme): string {
  const [strong, faint] = [channels(series[0]!), channels(background)];
  const share = 0.08 + 0.92 * (1 - shade);
  const mixed = strong.map((c, i) => Math.round(c * share + faint[i]! * (1 - share)));
  return `#${mixed.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}

const channels = (hex: string): number[] => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [r, g, b] = channels(hex).map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** The theme's ink or its background, whichever stands out more. */
export function contrasting(fill: string, { ink, background }: Theme): string {
  const ratio = (other: string): number => {
    const [a, b] = [luminance(fill), luminance(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  return ratio(ink) >= ratio(background) ? ink : background;
}
