/** Writes the static site to site/: guides, gallery, reference and lab. Run it by `npm run site`, which builds first. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeGallery } from "./site/gallery.ts";
import { guides, readme } from "./site/guides.ts";
import { deadLinks } from "./site/links.ts";
import { writeReference } from "./site/reference.ts";
import { scratchFolder } from "./site/scratch.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = join(root, "site");
const work = scratchFolder();
try {
  const pages = [...guides, writeGallery(work)];
  await writeReference(site, { readme, pages, links: { "The lab": "lab/index.html" } });
} finally {
  rmSync(work, { recursive: true, force: true });
}
cpSync(join(root, "packages/lab/page"), join(site, "lab"), { recursive: true });
const dead = deadLinks(site);
if (dead.length > 0) throw new Error(`the site has dead links:\n${dead.join("\n")}`);
