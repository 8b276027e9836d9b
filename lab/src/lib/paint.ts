/** Level bands and lines of a sampled function, painted pixel by pixel. */

import type { SurfaceGrid } from "steepest/surface";

export interface Paint {
  /** Bottom of the valley and top of the hill, as [r, g, b]. */
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
  readonly line: readonly [number, number, number];
  /** Levels between bottom and top. */
  readonly bands: number;
}

/** Of the page's two themes. */
export const paints: Readonly<Record<"light" | "dark", Paint>> = {
  light: { low: [255, 253, 247], high: [188, 209, 219], line: [74, 110, 130], bands: 12 },
  dark: { low: [44, 66, 82], high: [18, 24, 30], line: [140, 178, 198], bands: 12 },
};

/** Height above the lowest sample on a scale where small and large differences both show: 0…1. */
function heights({ values }: SurfaceGrid): Float64Array {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  const span = max - min;
  if (!(span > 0)) return new Float64Array(values.length);
  // a power of 1/3: level lines of a bowl then lie closer and closer outwards, and a ravine's floor still has some
  return Float64Array.from(values, (v) => (Number.isFinite(v) ? Math.cbrt((v - min) / span) : 1));
}

/** `seen` is the part of the field's y that fills the picture; default all of it. */
export function paintField(
  sampled: SurfaceGrid,
  width: number,
  height: number,
  paint: Paint,
  seen: readonly [number, number] = sampled.y,
): ImageData {
  const { columns, rows } = sampled;
  const [below, above] = seen.map(
    (v) => ((v - sampled.y[0]) / (sampled.y[1] - sampled.y[0])) * (rows - 1),
  ) as [number, number];
  const h = heights(sampled);
  const image = new ImageData(width, height);
  const out = image.data;
  // level of each pixel, by bilinear interpolation; row 0 of the picture is the largest y
  const level = new Float64Array(width * height);
  for (let py = 0; py < height; py++) {
    const gy = below + (1 - (py + 0.5) / height) * (above - below);
    const r = Math.max(0, Math.min(rows - 2, Math.floor(gy)));
    const fy = gy - r;
    for (let px = 0; px < width; px++) {
      const gx = ((px + 0.5) / width) * (columns - 1);
      const c = Math.min(columns - 2, Math.floor(gx));
      const fx = gx - c;
      const at = r * columns + c;
      const low = h[at]! * (1 - fx) + h[at + 1]! * fx;
      const high = h[at + columns]! * (1 - fx) + h[at + columns + 1]! * fx;
      level[py * width + px] = (low * (1 - fy) + high * fy) * paint.bands;
    }
  }
  for (let py = 0; py < height; py++) {
    for (let px = 0; px < width; px++) {
      const i = py * width + px;
      const l = level[i]!;
      const dx = level[px + 1 < width ? i + 1 : i]! - level[px > 0 ? i - 1 : i]!;
      const dy = level[py + 1 < height ? i + width : i]! - level[py > 0 ? i - width : i]!;
      const steepness = Math.hypot(dx, dy) / 2;
      const nearest = Math.max(1, Math.round(l));
      // distance to the level line in pixels: the line is soft at its edge and about 1.2 pixels wide
      const distance = steepness > 1e-9 ? Math.abs(l - nearest) / steepness : 9;
      const ink = Math.max(0, Math.min(1, 1.1 - distance)) * 0.55;
      const share = Math.min(1, (Math.floor(l) + 0.5) / paint.bands);
      for (let k = 0; k < 3; k++) {
        const ground = paint.low[k]! + (paint.high[k]! - paint.low[k]!) * share;
        out[4 * i + k] = ground * (1 - ink) + paint.line[k]! * ink;
      }
      out[4 * i + 3] = 255;
    }
  }
  return image;
}
