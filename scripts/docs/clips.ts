import { type ClipEntry, clips } from "../../src/optim/index.ts";
import { generatedNote, page, sectionLink, table } from "./markdown.ts";
import { optionRows } from "./optimizers.ts";

const section = (c: ClipEntry): string =>
  page(
    `## ${c.name}`,
    `For: ${c.purpose}.`,
    `- Elsewhere: ${c.elsewhere.replaceAll("_", "\\_")}`,
    optionRows(c.options),
  ).trimEnd();

/** docs/clips.md */
export const clipsPage = (): string =>
  page(
    "# Clipping",
    generatedNote("src/optim/clip/index.ts"),
    `${clips.length} ways to bound a gradient before the optimizer sees it. The key that holds the main number chooses the way: \`"clip": { "globalNorm": 1 }\`. The norm before clipping is always among the metrics.`,
    table(
      ["name", "for", "elsewhere"],
      clips.map((c) => [sectionLink(c.name), c.purpose, c.elsewhere.replaceAll("_", "\\_")]),
    ),
    ...clips.map(section),
  );
