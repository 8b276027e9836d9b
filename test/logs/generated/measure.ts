/** `npx jiti test/logs/generated/measure.ts [count] [first seed]`: how many generated logs are read exactly. */
import { readLog } from "../../../src/logs/index.ts";
import { SteepestError } from "../../../src/run/errors.ts";
import type { RunLog } from "../../../src/run/log.ts";
import { compare, type Outcome } from "./compare.ts";
import { elements, generate } from "./generate.ts";

export async function readGenerated(text: string): Promise<RunLog[] | null> {
  try {
    return await readLog(new TextEncoder().encode(text), { source: "generated" });
  } catch (error) {
    if (error instanceof SteepestError) return null;
    throw error;
  }
}

if (process.argv[1]?.endsWith("measure.ts")) {
  const count = Number(process.argv[2] ?? 5000);
  const from = Number(process.argv[3] ?? 0);
  const outcomes: Record<Outcome, number> = { right: 0, refused: 0, doubted: 0, wrong: 0 };
  const failures = new Map<string, number[]>();
  for (let seed = from; seed < from + count; seed++) {
    const { text, truth } = generate(seed);
    const { outcome, why } = compare(await readGenerated(text), truth);
    outcomes[outcome]++;
    if (outcome === "right") continue;
    const key = `${truth.style[0]} ${outcome} ${why.replace(/[\d.e-]+/g, "N").slice(0, 60)}`;
    failures.set(key, [...(failures.get(key) ?? []), seed]);
  }
  console.log(`${count} logs of ${elements()} elements:`, outcomes);
  for (const [key, seeds] of [...failures].sort((a, b) => b[1].length - a[1].length).slice(0, 40))
    console.log(seeds.length, key, seeds.slice(0, 4).join(" "));
}
