/** Pictures as rows. What is expected of files and sizes was made by Pillow: pictures/make.py. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../src/logs/crc.ts";
import { readPicture } from "../../src/predict/node-pictures.ts";
import { pictureRow, pictureShape } from "../../src/predict/picture.ts";
import { folder, steepest } from "../cli/steepest.ts";
import { npy } from "./helpers.ts";

const here = (name: string): string => join(import.meta.dirname, "pictures", name);
interface Want {
  readonly size: readonly [number, number];
  readonly grey: readonly number[];
  readonly small?: readonly number[];
  readonly large?: readonly number[];
}
const want = JSON.parse(readFileSync(here("want.json"), "utf8")) as Readonly<Record<string, Want>>;
const largest = (got: ArrayLike<number>, from: readonly number[]): number => {
  expect(got.length).toBe(from.length);
  return Math.max(...from.map((w, i) => Math.abs(got[i]! - w)));
};

test.each(Object.entries(want))(
  "%s is read, made grey and scaled as Pillow does",
  async (name, { size, grey, small, large }) => {
    const picture = await readPicture(here(name));
    expect([picture.width, picture.height]).toEqual(size);
    const row = (channels: number, [width, height]: readonly [number, number]): Float64Array =>
      pictureRow(
        picture,
        { channels, width, height, white: 255 },
        { resize: true, invert: false, where: name },
      );
    // JPEG decoders may differ by a level or two, and rounding twice by one
    const tolerance = name.endsWith("jpg") ? 3 : 1;
    expect(largest(row(1, size), grey)).toBeLessThanOrEqual(name === "clear.png" ? 2 : tolerance - 1);
    if (small !== undefined) expect(largest(row(1, [5, 4]), small)).toBeLessThanOrEqual(tolerance);
    if (large !== undefined) expect(largest(row(3, [16, 12]), large)).toBeLessThanOrEqual(tolerance);
  },
);

/** A PNG of that size whose data are so many zeros. */
function png(width: number, height: number, zeros: number): Buffer {
  const chunk = (name: string, data: Buffer): Buffer => {
    const [head, tail] = [Buffer.alloc(8), Buffer.alloc(4)];
    head.writeUInt32BE(data.length);
    head.write(name, 4);
    tail.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])));
    return Buffer.concat([head, data, tail]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(zeros))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test.each([
  ["claims more pixels than memory holds", png(60_000, 60_000, 100), "the picture claims 3600000000 pixels"],
  ["unpacks to more than its pixels", png(4, 4, 1 << 20), "unpacks to more than its pixels"],
])("a picture that %s is refused", async (_, bytes, words) => {
  const path = join(folder(), "bomb.png");
  writeFileSync(path, bytes);
  await expect(readPicture(path)).rejects.toThrow(words);
});

describe("what a model takes", () => {
  type Parts = Parameters<typeof pictureShape>[0];
  const record = (more: object): Parts =>
    ({
      input: { kind: "array", shape: [784], scale: 1 / 255 },
      row: { shape: [784], dtype: "float" },
      model: { kind: "linear" },
      ...more,
    }) as Parts;
  const shape = (more: object, white?: number): unknown => pictureShape(record(more), { white });

  test("its shape, the cnn's image, or a square", () => {
    expect(shape({})).toEqual({ channels: 1, height: 28, width: 28, white: 255 });
    expect(shape({ row: { shape: [3, 4, 5] } })).toMatchObject({ channels: 3, height: 4, width: 5 });
    expect(shape({ row: { shape: [4, 5] } })).toMatchObject({ channels: 1, height: 4, width: 5 });
    expect(shape({ row: { shape: [60] }, model: { kind: "cnn", image: [3, 4, 5] } })).toMatchObject({
      channels: 3,
    });
    expect(() => shape({ row: { shape: [60] } })).toThrow(/not pictures/);
    expect(() => shape({ row: { shape: [2, 4, 5] } })).toThrow(/not pictures/);
    expect(() => shape({ input: { kind: "table" } })).toThrow(/a table model, not pictures/);
  });

  test("white is what the run says, or what is given", () => {
    const input = { kind: "array", shape: [784], scale: 1 };
    expect(() => shape({ input })).toThrow(/which number white is/);
    expect(shape({ input }, 1)).toMatchObject({ white: 1 });
    expect(shape({ input: { ...input, white: 1 } })).toMatchObject({ white: 1 });
  });
});

test("predict takes pictures by their names, with the same answers as for their numbers", async () => {
  const cwd = folder();
  const levels = Float64Array.from({ length: 40 * 77 }, (_, i) => ((i * 7919) % 256) * ((i % 77) / 77));
  writeFileSync(join(cwd, "x.npy"), npy(levels, [40, 7, 11]));
  writeFileSync(
    join(cwd, "y.npy"),
    npy(
      Int32Array.from({ length: 40 }, (_, i) => i % 2),
      [40],
    ),
  );
  writeFileSync(join(cwd, "grey.npy"), npy(Float64Array.from(want["grey.png"]!.grey), [1, 7, 11]));
  writeFileSync(
    join(cwd, "p.json"),
    JSON.stringify({
      name: "p",
      data: { npy: "x.npy", target: "y.npy", scale: 1 / 255, standardize: true },
      model: { kind: "cnn", channels: [3] },
      optimizer: "adam",
      steps: 20,
    }),
  );
  for (const name of ["grey.png", "smooth.jpg"]) copyFileSync(here(name), join(cwd, name));
  const predict = (...args: string[]): ReturnType<typeof steepest> =>
    steepest(["predict", "runs/p-1", ...args], { cwd });
  await steepest(["train", "p.json", "--quiet", "--no-plots"], { cwd });
  const numbers = JSON.parse((await predict("grey.npy", "--json")).stdout) as { predictions: object[] };
  const { stdout, stderr } = await predict("grey.png", "smooth.jpg", "--resize", "--json");
  const { predictions, rows } = JSON.parse(stdout) as { predictions: object[]; rows: number };
  expect([rows, stderr]).toEqual([2, ""]);
  expect(predictions[0]).toEqual({ file: "grey.png", ...numbers.predictions[0] });
  const lines = (await predict("grey.png", "--quiet")).stdout.split("\n");
  expect(lines[0]).toBe("file,prediction,probability");
  expect(lines[1]).toMatch(/^grey\.png,[01],0\.\d+$/);
  expect((await predict("smooth.jpg")).stderr).toMatch(
    /32 × 24, and the model takes 11 × 7, smooth\.jpg[\s\S]*--resize/,
  );
  writeFileSync(join(cwd, "torn.png"), readFileSync(here("rgb.png")).subarray(0, 60));
  expect((await predict("torn.png")).stderr).toMatch(/error\[image-format\]: the picture can't be read/);
  expect((await predict("grey.png", "p.json", "--resize")).stderr).toMatch(/neither PNG nor JPEG, p\.json/);
  expect((await predict("x.npy", "y.npy")).stderr).toMatch(/3 arguments are given/);
});
