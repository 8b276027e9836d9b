/**
 * The digits for the page: one byte a pixel instead of the package's 20 MB of JSON. Written once, beside the sources,
 * so that `?url` finds it while developing too.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const PIXELS = 784;

/** Ten 32-bit counts of images, then the images' grey levels, digit by digit. */
export function writeDigits(path: string): void {
  if (existsSync(path)) return;
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist/package.json")), "src/digits");
  const images = Array.from({ length: 10 }, (_, digit) => {
    const { data } = JSON.parse(readFileSync(join(folder, `${digit}.json`), "utf8")) as { data: number[] };
    return Uint8Array.from(data, (share) => Math.round(share * 255));
  });
  const counts = Uint32Array.from(images, (i) => i.length / PIXELS);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.concat([Buffer.from(counts.buffer), ...images]));
}
