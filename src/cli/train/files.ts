/** What a run leaves to look at: loss.svg, loss.png and report.html in its folder. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Judged } from "../../diagnose/words.ts";
import { lossChart } from "../../plot/index.ts";
import { savePlot } from "../../plot/node-save.ts";
import { type RunFacts, runPage } from "./page.ts";

/** Writes each file that can be written; their names, and why others are missing. */
export async function writeFiles(
  folder: string,
  judged: Judged,
  facts: RunFacts,
): Promise<{ readonly written: readonly string[]; readonly missing: readonly string[] }> {
  const chart = lossChart(judged.log, { findings: judged.run.findings });
  const work: readonly [string, (path: string) => Promise<void>][] = [
    ["loss.svg", (path) => savePlot(chart, path)],
    ["loss.png", (path) => savePlot(chart, path)],
    ["report.html", async (path) => writeFile(path, await runPage(judged, facts, rangeTestIn(folder)))],
  ];
  const written: string[] = [];
  const missing: string[] = [];
  for (const [name, write] of work) {
    try {
      await write(join(folder, name));
      written.push(name);
    } catch (error) {
      // the run itself is whole: a full disk or a missing native module costs a picture, and is said
      if (!(error instanceof Error)) throw error;
      missing.push(`${name} is left out: ${error.message.split("\n")[0]}`);
    }
  }
  return { written, missing };
}

/** The range test that chose this run's rate, or null. */
function rangeTestIn(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, "find-lr.json"), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
