import { type ClipRow, clips } from "../../src/optim/index.ts";
import { generatedNote, page, sectionLink, table } from "./markdown.ts";
import { namesElsewhere, optionRows } from "./optimizers.ts";

const section = (c: ClipRow): string =>
  page(
    `## ${c.name}`,
    `For: ${c.about}.`,
    [
      ...(c.source ? [`- Source: ${c.source.cite}`] : []),
      `- Elsewhere: ${namesElsewhere(c.elsewhere).join(", ") || "in none of the four libraries"}`,
    ].join("\n"),
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
      clips.map((c) => [sectionLink(c.name), c.about, namesElsewhere(c.elsewhere).join(", ")]),
    ),
    ...clips.map(section),
  );
