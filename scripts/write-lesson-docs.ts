/**
 * Runs every claim of the lesson and writes what was measured to docs/lesson.md. Apart from write-docs.ts because it
 * takes a minute. Run it with `npx jiti scripts/write-lesson-docs.ts`.
 */
import { writeFileSync } from "node:fs";
import { wasm } from "../src/engine/backends/wasm.ts";
import type { ClaimResult, Settings, Verdict } from "../src/lesson/claim.ts";
import { claims, groups, runClaim } from "../src/lesson/claims.ts";
import { lessonContext } from "../src/lesson/context.ts";
import { code, fence, page, table } from "./docs/markdown.ts";

interface Entry extends ClaimResult {
  readonly title: string;
  readonly group: string;
  readonly settings: Settings;
}

const verdicts: Readonly<Record<Verdict, string>> = {
  holds: "holds",
  "holds-if": "holds under a condition",
  "does-not-hold": "does not hold",
};

const entries: Entry[] = [];
for (const row of claims) {
  process.stderr.write(`${row.name} ${row.about}\n`);
  const { result } = await runClaim(row, lessonContext({ backend: wasm }));
  const { settings } = await row.load();
  entries.push({ ...result, title: row.about, group: row.group, settings });
}

const said = (claimed: number | string): string => String(claimed);
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

const section = ({ id, title, claim, claimed, summary, verdict, condition, settings }: Entry): string =>
  page(
    `### ${id}: ${title}`,
    [
      `- The claim: ${claim}.`,
      `- The lesson says: ${said(claimed)}.`,
      `- Measured: ${sentence(summary)}`,
      `- It ${verdicts[verdict]}${verdict === "holds-if" ? `: if ${sentence(condition ?? "")}` : "."}`,
      ...(verdict !== "holds-if" && condition !== null ? [`- ${sentence(upper(condition))}`] : []),
      `- Settings: ${Object.entries(settings)
        .map(([name, value]) => code(`${name}=${value}`))
        .join(", ")}`,
    ].join("\n"),
  ).trimEnd();

const count = (verdict: Verdict): number => entries.filter((e) => e.verdict === verdict).length;

writeFileSync(
  new URL("../docs/lesson.md", import.meta.url),
  page(
    "# The lesson's claims, run",
    "<!-- Written by `npx jiti scripts/write-lesson-docs.ts` from a run of every claim; edit src/lesson/claims, not this page. -->",
    `steepest grew out of a lesson on gradient descent. Here are ${entries.length} experiments on what it says: what its two programs print, and what it says about learning rates, convergence, noise, momentum, Adam, flat minima, schedules and clipping. Each is an experiment of its own in \`src/lesson/claims\`, run by the same optimizers that train your models. Of them ${count("holds")} hold as they stand, ${count("holds-if")} hold under a condition that the experiment names, and ${count("does-not-hold")} do not hold.`,
    fence(
      "sh",
      [
        "steepest lesson                          # all of them, about half a minute",
        "steepest lesson --only C5,C18b,C8-C10    # some; ids, ranges, groups",
        "steepest lesson --list                   # ids, titles, groups",
        "steepest lesson --set C5.lr=20           # another experiment: every setting below can be set",
        "steepest lesson --plot figures           # draws the figures, the lesson's lr_effect.png among them",
        "steepest lesson --json                   # one document, with every number and curve",
      ].join("\n"),
    ),
    "Nothing below is typed in: the numbers come from one run, and a test runs every claim again with other settings to see them change. Experiments that replay the lesson's seeds agree with PyTorch and NumPy to rounding; random ones within a few standard errors of an independent run there. A loss that never settles (C3) and float32 end values differ a little from machine to machine.",
    table(
      ["claim", "what it says", "claimed", "measured", "verdict"],
      entries.map((e) => [e.id, e.title, said(e.claimed), e.summary, verdicts[e.verdict]]),
    ),
    ...groups.flatMap((group) => [
      `## ${upper(group.replaceAll("-", " "))}`,
      ...entries.filter((e) => e.group === group).map(section),
    ]),
  ),
);
