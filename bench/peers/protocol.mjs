/**
 * How an adapter talks to the bench. It is started with a workload and the data folder, prepares and warms up, and prints
 * one line of JSON `{check}`. Then it measures one round for each line it reads (a number: seconds the round should take)
 * and prints `{times}`: by measurement, the milliseconds of one unit of the workload on the clock (`wall`) and in the
 * processor (`cpu`, all threads). It ends with its input. `w1-cold` prints its
 * check and ends.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import v8 from "node:v8";

export const [workload, folder, option] = process.argv.slice(2);

/** A data file's numbers. */
export function numbers(name) {
  const bytes = readFileSync(join(folder, `${name}.bin`));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** A data file of names and shapes. */
export const record = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));

/** For WebAssembly's fused multiply-add, which V8 has behind a flag in some versions. */
export const allowRelaxedSimd = () => v8.setFlagsFromString("--experimental-wasm-relaxed-simd");

/** W4's gradient: 0.01·((i mod 7) − 3), in float32. */
export function ramp(count) {
  const g = new Float32Array(count);
  for (let i = 0; i < count; i++) g[i] = Math.fround(0.01) * ((i % 7) - 3);
  return g;
}

/** Mean milliseconds, on the clock and in the processor, of one `step`, which may return a promise, over about `seconds`. */
export async function perStep(step, seconds) {
  let count = 0;
  const before = process.cpuUsage();
  const from = performance.now();
  let elapsed = 0;
  do {
    const pending = step();
    if (pending !== undefined) await pending;
    count++;
    elapsed = performance.now() - from;
  } while (elapsed < seconds * 1e3);
  const { user, system } = process.cpuUsage(before);
  return { wall: elapsed / count, cpu: (user + system) / 1e3 / count };
}

/** Answers the bench until it closes the input. `measure(seconds)` gives times by name. */
export async function serve({ check, measure }) {
  const print = (record) => process.stdout.write(`${JSON.stringify(record)}\n`);
  print({ check });
  if (measure === undefined) return;
  for await (const line of createInterface({ input: process.stdin }))
    print({ times: await measure(Number(line)) });
  process.exit(0);
}
