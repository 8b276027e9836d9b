/** Every link of a static site leads somewhere in it, and nothing in it is asked from another host. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Where the words of links are other people's: the lab has tests of its own. */
const OTHERS = /^lab[\\/]/;

const attributes = (html: string, name: string): string[] =>
  [...html.matchAll(new RegExp(`<[a-z][^>]*?\\s${name}="([^"]*)"`, "g"))].map((m) =>
    m[1]!.replaceAll("&amp;", "&"),
  );

/** What is wrong, a line each: the page, and the link that leads nowhere or elsewhere. */
export function deadLinks(site: string): string[] {
  const pages = readdirSync(site, { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".html") && !OTHERS.test(f))
    .map((f) => join(site, f));
  const texts = new Map(pages.map((p) => [p, readFileSync(p, "utf8")]));
  const ids = new Map([...texts].map(([p, html]) => [p, new Set(attributes(html, "id"))]));
  return [...texts].flatMap(([page, html]) => {
    const name = relative(site, page);
    const foreign = [
      ...html.matchAll(
        /<(?:script|img|iframe|source)[^>]*\ssrc="(?:https?:)?\/\/[^"]*"|<link[^>]*\shref="(?:https?:)?\/\/[^"]*"/g,
      ),
    ];
    const dead = [...attributes(html, "href"), ...attributes(html, "src")].filter(
      (link) => !leads(page, link, ids),
    );
    return [
      ...foreign.map(([tag]) => `${name} asks another host: ${tag}`),
      ...[...new Set(dead)].map((link) => `${name} leads nowhere: ${link}`),
    ];
  });
}

function leads(page: string, link: string, ids: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  if (/^(https?:|mailto:|data:)/.test(link)) return true;
  const [path = "", anchor = ""] = link.split("#");
  const file = path === "" ? page : resolve(dirname(page), decodeURIComponent(path.split("?")[0]!));
  if (!existsSync(file) || !statSync(file).isFile()) return false;
  return anchor === "" || !ids.has(file) || ids.get(file)!.has(decodeURIComponent(anchor));
}
