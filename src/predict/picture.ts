/** Pictures as rows of a model of images. */
import { SteepestError } from "../run/errors.ts";
import type { ModelRecord } from "../train/model-record.ts";

/** Levels from 0 to 255, pixel by pixel: red, green, blue, opacity. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: ArrayLike<number>;
}

export interface PictureOptions {
  /** Pictures of another size are scaled to the model's. */
  readonly resize: boolean;
  /** Dark on light becomes light on dark. */
  readonly invert: boolean;
  /** The number that white has in the model's data. Default: what the run has recorded. */
  readonly white: number | undefined;
}

/** How a model's rows are pictures. Throws `image-model` for a model of anything else, `image-white`. */
export function pictureShape(
  { input, row, model }: Pick<ModelRecord, "input" | "row" | "model">,
  { white }: Pick<PictureOptions, "white">,
): { readonly channels: number; readonly height: number; readonly width: number; readonly white: number } {
  if (input.kind !== "array") throw notImages(`a ${input.kind} model`);
  const image = "kind" in model && model.kind === "cnn" ? model.image : undefined;
  const [first, second, third, more] = image ?? row.shape;
  const side = second === undefined ? Math.sqrt(first!) : 0;
  const shape =
    second === undefined
      ? [1, side, side]
      : third === undefined
        ? [1, first!, second]
        : [first!, second, third];
  const [channels, height, width] = shape as [number, number, number];
  if (more !== undefined || !Number.isInteger(side) || (channels !== 1 && channels !== 3))
    throw notImages(`rows of [${row.shape.join(", ")}]`);
  const level = white ?? input.white ?? (input.scale === 1 ? undefined : 255);
  if (level !== undefined) return { channels, height, width, white: level };
  throw new SteepestError("image-white", "the run does not say which number white is in its data", {
    help: "say it: --white 255 for levels from 0 to 255, --white 1 for shares from 0 to 1",
  });
}

const notImages = (what: string): SteepestError =>
  new SteepestError("image-model", `the model takes ${what}, not pictures`, {
    help: "give a model of images [channels, height, width] with 1 or 3 channels, or of square ones in flat rows",
  });

/** One row [channels · height · width], before the run's own scaling. Throws `image-size`. */
export function pictureRow(
  picture: Picture,
  { channels, height, width, white }: ReturnType<typeof pictureShape>,
  { resize, invert, where }: Omit<PictureOptions, "white"> & { where: string },
): Float64Array {
  const same = picture.width === width && picture.height === height;
  if (!same && !resize) {
    throw new SteepestError(
      "image-size",
      `the picture is ${picture.width} × ${picture.height}, and the model takes ${width} × ${height}`,
      { where, help: "give pictures of that size, or scale them here with --resize" },
    );
  }
  const planes = channels === 1 ? [greyOf(picture)] : [0, 1, 2].map((c) => overWhite(picture, c));
  const out = new Float64Array(channels * height * width);
  planes.forEach((plane, c) => {
    const scaled = same ? plane : scalePlane(plane, picture, { width, height });
    scaled.forEach((level, i) => {
      out[c * height * width + i] = ((invert ? 255 - level : level) / 255) * white;
    });
  });
  return out;
}

/** One colour on white paper. */
function overWhite({ rgba, width, height }: Picture, colour: number): Float64Array {
  return Float64Array.from({ length: width * height }, (_, i) => {
    const share = rgba[4 * i + 3]! / 255;
    return Math.round(rgba[4 * i + colour]! * share + 255 * (1 - share));
  });
}

/** ITU-R 601 luma, with Pillow's rounding. */
function greyOf(picture: Picture): Float64Array {
  const [red, green, blue] = [0, 1, 2].map((c) => overWhite(picture, c)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return red.map((r, i) => (r * 19595 + green[i]! * 38470 + blue[i]! * 7471 + 0x8000) >> 16);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A triangle filter as wide as the scaling asks (Pillow's BILINEAR), first along rows; levels are rounded after each pass. */
function scalePlane(plane: Float64Array, from: Size, to: Size): Float64Array {
  const wide = new Float64Array(to.width * from.height);
  weights(from.width, to.width).forEach(({ first, shares }, x) => {
    for (let y = 0; y < from.height; y++) {
      const total = shares.reduce((sum, w, k) => sum + w * plane[y * from.width + first + k]!, 0);
      wide[y * to.width + x] = Math.round(total);
    }
  });
  const out = new Float64Array(to.width * to.height);
  weights(from.height, to.height).forEach(({ first, shares }, y) => {
    for (let x = 0; x < to.width; x++) {
      const total = shares.reduce((sum, w, k) => sum + w * wide[(first + k) * to.width + x]!, 0);
      out[y * to.width + x] = Math.round(total);
    }
  });
  return out;
}

/** For each new place: the first old one that counts, and the shares from there on. */
function weights(from: number, to: number): { readonly first: number; readonly shares: number[] }[] {
  const step = from / to;
  const reach = Math.max(1, step);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k - centre + 0.5) / reach)),
    );
    const total = raw.reduce((a, b) => a + b, 0);
    return { first, shares: raw.map((w) => w / total) };
  });
}
