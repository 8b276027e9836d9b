/**
 * Reads mutated inputs one after another and says on standard output what went wrong. The number of the input at hand
 * stands in a file, so that the parent sees one that never ends: argv is target, seed, first, last, that file, and the
 * seconds of processor time after which it ends.
 */
import { openSync, writeSync } from "node:fs";
import { SteepestError } from "../../../src/run/errors.ts";
import { mutate, randomFrom } from "./mutate.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** The n-th input of a target. */
export async function inputOf(target: Target, seed: number, n: number): Promise<Uint8Array> {
  const seeds = (await seedsOf(target)) as readonly Uint8Array[];
  const random = randomFrom(seed * 1_000_003 + n);
  const one = seeds[random.below(seeds.length)]!;
  const bytes = mutate(one, seeds[random.below(seeds.length)]!, random);
  return target.repair !== undefined && random.below(2) === 0 ? target.repair(bytes) : bytes;
}

const made = new Map<Target, Promise<readonly Uint8Array[]>>();
const seedsOf = (target: Target): Promise<readonly Uint8Array[]> => {
  const known = made.get(target) ?? Promise.resolve(target.seeds());
  made.set(target, known);
  return known;
};

/** What went wrong, with the stack, or null: refused in words is as good as read. */
export async function problemOf(target: Target, bytes: Uint8Array): Promise<string | null> {
  try {
    await target.read(bytes);
    return null;
  } catch (error) {
    if (error instanceof SteepestError) return null;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

const peak = (): number => process.resourceUsage().maxRSS / 1024;

async function main([name, seed, first, last, at, budget]: readonly string[]): Promise<void> {
  const target = TARGETS.find((t) => t.name === name)!;
  const place = openSync(at!, "w");
  for (const bytes of await seedsOf(target)) {
    const problem = await problemOf(target, bytes);
    if (problem !== null) throw new Error(`a real file is not read: ${problem}`);
  }
  const used = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  let n = Number(first);
  for (; n < Number(last) && used() < Number(budget); n++) {
    writeSync(place, String(n).padEnd(12), 0);
    const before = peak();
    const began = process.cpuUsage();
    const problem = await problemOf(target, await inputOf(target, Number(seed), n));
    const { user, system } = process.cpuUsage(began);
    const report = { n, problem, seconds: (user + system) / 1e6, megabytes: peak() - before };
    if (problem !== null || report.seconds > 0.5 || report.megabytes > 64)
      console.log(JSON.stringify(report));
    // let timers and streams of what was read end
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  writeSync(place, `done ${n}`.padEnd(12), 0);
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith("fuzz-child.mjs"))
  await main(process.argv.slice(2));
