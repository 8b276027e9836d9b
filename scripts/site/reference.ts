/** The reference of the package's names, a module a subpath, by typedoc; a site has pages beside it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application, JSX, type ProjectReflection } from "typedoc";
import { entryPoints } from "../docs/entry-points.ts";
import { unnamed } from "../docs/unnamed.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export interface ReferenceOptions {
  /** Sources to document. Default: every subpath of the package. */
  readonly sources?: readonly string[];
  /** The first page. Default: none. */
  readonly readme?: string;
  /** Markdown files that become pages. */
  readonly pages?: readonly string[];
  /** Links above every page: words and the place in the site. */
  readonly links?: Readonly<Record<string, string>>;
}

/** Writes HTML to `out`, which is emptied first. Throws where typedoc has an error or a warning, such as a dead link. */
export async function writeReference(out: string, options: ReferenceOptions = {}): Promise<void> {
  const { sources = entryPoints().map((e) => e.source), readme, pages = [], links = {} } = options;
  // a part of the package mentions what others export
  const whole = options.sources === undefined;
  const app = await Application.bootstrap({
    name: "steepest",
    entryPoints: sources.map(at),
    projectDocuments: [...pages],
    readme: readme ?? "none",
    basePath: at("."),
    tsconfig: at("scripts/site/tsconfig.json"),
    blockTags: ["@generated", "@deprecated", "@throws"],
    notRenderedTags: ["@generated"],
    highlightLanguages: [
      "console",
      "csv",
      "html",
      "js",
      "json",
      "jsonc",
      "jsonl",
      "python",
      "sh",
      "svelte",
      "ts",
      "yaml",
    ],
    customCss: at("scripts/site/site.css"),
    favicon: at("lab/public/icon.svg"),
    sluggerConfiguration: { lowercase: true },
    // `npm run check` compiles, and says which names have no comment
    skipErrorChecking: true,
    intentionallyNotExported: whole ? [...unnamed] : [],
    validation: { notExported: whole, invalidLink: true, invalidPath: true, notDocumented: false },
    disableSources: true,
    hideGenerator: true,
    logLevel: "Warn",
    sort: ["source-order"],
  });
  app.renderer.hooks.on("content.begin", (context) =>
    JSX.createElement(
      "nav",
      { class: "site-links" },
      Object.entries(links).map(([words, to]) =>
        JSX.createElement("a", { href: context.relativeURL(to) }, words),
      ),
    ),
  );
  const project = await app.convert();
  if (project === undefined) throw new Error("typedoc found nothing to document");
  nameModules(project);
  nameDocuments(project, pages);
  app.validate(project);
  await app.generateDocs(project, out);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error("typedoc has warned: see above");
}

/** Modules are called as they are imported. */
function nameModules(project: ProjectReflection): void {
  const subpaths = new Map(entryPoints().map((e) => [moduleName(e.source), e.subpath]));
  for (const module of project.children ?? []) module.name = subpaths.get(module.name) ?? module.name;
}

const moduleName = (source: string): string => source.replace(/\.ts$/, "").replace(/(.)\/index$/, "$1");

/** Pages are called as their first heading calls them. */
function nameDocuments(project: ProjectReflection, pages: readonly string[]): void {
  project.documents?.forEach((document, i) => {
    const [, title] = /^# (.+)$/m.exec(readFileSync(pages[i]!, "utf8")) ?? [];
    if (title !== undefined) document.name = title.replaceAll("`", "");
  });
}
