/** PNG and JPEG files. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { SteepestError } from "../run/errors.ts";
import { scaleRows } from "./encode-rows.ts";
import { type Picture, type PictureOptions, pictureRow, pictureShape } from "./picture.ts";
import { type PredictedPiece, predictor } from "./predict.ts";
import type { Floats, TrainedModel } from "./trained-model.ts";

type Kind = "png" | "jpeg";

/** What a file's first bytes say; null for another file, and where there is none. */
export function pictureKind(path: string): Kind | null {
  const head = Buffer.alloc(4);
  try {
    const file = openSync(path, "r");
    try {
      readSync(file, head, 0, 4, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return null; // whoever reads it next says what is wrong
  }
  return kindOf(head);
}

export function kindOf(head: Uint8Array): Kind | null {
  if (head[0] === 0x89 && head[1] === 0x50 && head[2] === 0x4e && head[3] === 0x47) return "png";
  return head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff ? "jpeg" : null;
}

/** What is used of fast-png and jpeg-js. They are looked up by name, so that nobody's bundle takes them along. */
interface Png {
  readonly decode: (bytes: Uint8Array) => DecodedPng;
  readonly convertIndexedToRgb: (image: DecodedPng) => Uint8Array;
}
interface DecodedPng {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint8ClampedArray | Uint16Array;
  readonly palette?: number[][];
}
interface Jpeg {
  readonly default: {
    readonly decode: (
      bytes: Uint8Array,
      options: object,
    ) => Omit<Picture, "rgba"> & { readonly data: Uint8Array };
  };
}
/** What jpeg-js takes at most, too. */
const MAX_PIXELS = 100e6;
const PNG: string = "fast-png";
const JPEG: string = "jpeg-js";

/** Throws `image-format` for a file that can't be read as one. */
export async function readPicture(path: string): Promise<Picture> {
  const bytes = readFileSync(path);
  const kind = kindOf(bytes);
  if (kind === null) {
    throw new SteepestError("image-format", "this is neither PNG nor JPEG", {
      where: path,
      help: "give pictures only, or one file of rows",
    });
  }
  if (kind === "png") refuseBomb(bytes, path);
  try {
    if (kind === "png") return pngPicture((await import(PNG)) as Png, bytes);
    const { decode } = ((await import(JPEG)) as Jpeg).default;
    const { width, height, data } = decode(bytes, { useTArray: true, tolerantDecoding: false });
    return { width, height, rgba: data };
  } catch (cause) {
    throw new SteepestError("image-format", `the picture can't be read: ${(cause as Error).message}`, {
      where: path,
      help: "save it again as PNG or JPEG",
      cause,
    });
  }
}

/** A PNG that claims more pixels, or holds more levels, than it can need: a small file that fills the memory. */
function refuseBomb(bytes: Buffer, where: string): void {
  if (bytes.length < 33) return; // the decoder says what is missing
  const pixels = bytes.readUInt32BE(16) * bytes.readUInt32BE(20);
  if (pixels > MAX_PIXELS) {
    throw new SteepestError("image-large", `the picture claims ${pixels} pixels`, {
      where,
      help: `scale it to at most ${MAX_PIXELS / 1e6} million`,
    });
  }
  const packed: Buffer[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString("latin1", at + 4, at + 8) === "IDAT")
      packed.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  try {
    // of four 16-bit levels a pixel, and a byte a line of each of the seven passes
    inflateSync(Buffer.concat(packed), { maxOutputLength: 15 * pixels + 1000 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")) return;
    throw new SteepestError("image-large", "the picture unpacks to more than its pixels", {
      where,
      help: "it is damaged, or made to fill the memory: save it again",
      cause: error,
    });
  }
}

function pngPicture({ decode, convertIndexedToRgb }: Png, bytes: Uint8Array): Picture {
  const found = decode(bytes);
  const { width, height, depth } = found;
  const levels = 2 ** depth - 1;
  // grey of fewer than 8 bits lies packed, as the indices of a palette do
  const grey = Array.from({ length: 2 ** depth > 256 ? 0 : 2 ** depth }, (_, i) => [
    Math.round((255 * i) / levels),
  ]);
  const palette = found.palette ?? (depth < 8 ? grey : undefined);
  const data = palette === undefined ? found.data : convertIndexedToRgb({ ...found, palette });
  const channels = palette === undefined ? found.channels : palette[0]!.length;
  const unit = palette === undefined ? 255 / levels : 1;
  const rgba = new Uint8Array(4 * width * height).fill(255);
  const [colours, opacity] = channels < 3 ? [1, channels === 2] : [3, channels === 4];
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++)
      rgba[4 * i + c] = Math.round(data[i * channels + (colours === 1 ? 0 : c)]! * unit);
    if (opacity) rgba[4 * i + 3] = Math.round(data[i * channels + colours]! * unit);
  }
  return { width, height, rgba };
}

/** Streams pictures through the model, each row named by its file. Throws what reading them throws, and `image-*`. */
export async function predictPictures(
  model: TrainedModel,
  files: readonly string[],
  options: PictureOptions,
  sink: (piece: PredictedPiece) => Promise<void>,
): Promise<void> {
  const { record, batchSize, rowSize } = model;
  const shape = pictureShape(record, options);
  const of = predictor(model);
  for (let first = 0; first < files.length; first += batchSize) {
    const some = files.slice(first, first + batchSize);
    const length = some.length * rowSize;
    const values: Floats = record.dtype === "float64" ? new Float64Array(length) : new Float32Array(length);
    for (const [i, where] of some.entries())
      values.set(pictureRow(await readPicture(where), shape, { ...options, where }), i * rowSize);
    scaleRows(values, record);
    await sink({ first: first + 1, rows: some.map((file) => [file]), predictions: of(values, some.length) });
  }
}
