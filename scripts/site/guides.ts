/** The Markdown files that are pages of the site. README.md is its first page. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const at = (path: string): string => fileURLToPath(new URL(path, root));

export const readme: string = at("README.md");

/** All of docs/, so that a new guide is there by itself, and what README.md links to. */
export const guides: readonly string[] = [
  ...readdirSync(new URL("docs/", root))
    .filter((f) => f.endsWith(".md"))
    .map((f) => at(`docs/${f}`)),
  ...["examples/README.md", "lab/README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(at),
];
