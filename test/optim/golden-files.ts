/** The recorded numbers as they lie in test/golden. In a page they are part of its script (test/webgpu/browser.ts). */
import { readFileSync } from "node:fs";

export type Json = Readonly<Record<string, unknown>>;

export const read = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), "utf8")) as Json;
