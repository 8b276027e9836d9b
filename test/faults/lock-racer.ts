/** One process of the lock races: takes the lock of each folder it is told, and looks whether it is alone in there. */
import * as fs from "node:fs";
import { join } from "node:path";
import { SteepestError } from "../../src/run/errors.ts";
import { lock } from "../../src/train/node-lock.ts";
import type { Told } from "./lock-races.ts";

function race(path: string): Told {
  let release: () => void;
  try {
    release = lock(path, fs);
  } catch (error) {
    if (error instanceof SteepestError && error.id === "run-in-use") return "refused";
    throw error;
  }
  // exclusive creation is the file system's own: who fails is not alone
  const inside = join(path, "inside");
  let alone = true;
  try {
    fs.closeSync(fs.openSync(inside, "wx"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    alone = false;
  }
  const until = performance.now() + 3 * Math.random();
  while (performance.now() < until);
  if (alone) fs.rmSync(inside);
  release();
  return alone ? "got" : "shared";
}

process.on("message", (path: string) => process.send!(race(path)));
process.send!("ready");
