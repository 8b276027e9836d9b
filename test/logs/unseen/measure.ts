/**
 * `npx jiti test/logs/unseen/measure.ts [count] [half] [first seed]`: how many generated logs are read exactly, how many
 * are refused or doubted in words, how many misread in silence, and which elements of style fail most.
 */
import { type Judgement, judge, type Outcome } from "./judge.ts";
import type { Half } from "./told.ts";
import { elementCount, write } from "./write.ts";

const count = Number(process.argv[2] ?? 2000);
const half: Half = process.argv[3] === "1" ? 1 : 0;
const from = Number(process.argv[4] ?? 0);

const outcomes: Record<Outcome, number> = { right: 0, refused: 0, doubted: 0, silent: 0 };
const elements = new Map<string, { seen: number; failed: number; silent: number }>();
const kinds = new Map<string, number[]>();

function record(style: readonly string[], { outcome, why }: Judgement, seed: number): void {
  outcomes[outcome]++;
  for (const id of style) {
    const e = elements.get(id) ?? { seen: 0, failed: 0, silent: 0 };
    e.seen++;
    if (outcome !== "right") e.failed++;
    if (outcome === "silent") e.silent++;
    elements.set(id, e);
  }
  if (outcome === "right") return;
  const kind = `${outcome} ${why.replace(/\d+/g, "N").slice(0, 70)}`;
  kinds.set(kind, [...(kinds.get(kind) ?? []), seed]);
}

for (let seed = from; seed < from + count; seed++) {
  const told = write(seed, half);
  record(told.style, await judge(told), seed);
}
const share = (n: number, of: number): string => `${((100 * n) / of).toFixed(1)} %`;
console.log(`${count} logs of ${elementCount(half)} elements of style`);
for (const [outcome, n] of Object.entries(outcomes))
  console.log(`  ${outcome.padEnd(8)} ${n} (${share(n, count)})`);
console.log("\nkinds of failure");
for (const [kind, seeds] of [...kinds].sort((a, b) => b[1].length - a[1].length).slice(0, 30))
  console.log(`  ${seeds.length} ${kind}: seeds ${seeds.slice(0, 5).join(" ")}`);
console.log("\nelements by share of failures");
for (const [id, e] of [...elements]
  .sort((a, b) => b[1].failed / b[1].seen - a[1].failed / a[1].seen)
  .slice(0, 40))
  console.log(
    `  ${id.padEnd(32)} ${share(e.failed, e.seen).padStart(7)} of ${e.seen}, ${e.silent} in silence`,
  );
