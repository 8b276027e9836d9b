/** What a reader is tried with. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Repair } from "./repair.ts";

export interface Target {
  readonly name: string;
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  readonly read: (bytes: Uint8Array) => unknown;
  /** Applied to half of the inputs. */
  readonly repair?: Repair;
}

export const root: string = join(import.meta.dirname, "../../..");
/** Damage is to reach all parts of a file: long ones are cut. */
const SEED_BYTES = 24_000;
export const file = (path: string): Uint8Array => readFileSync(join(root, path)).subarray(0, SEED_BYTES);
export const files = (folder: string, pattern: RegExp): Uint8Array[] =>
  readdirSync(join(root, folder))
    .filter((name) => pattern.test(name))
    .map((name) => file(join(folder, name)));
export const bytesOf = (text: string): Uint8Array => Buffer.from(text);
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
