/** The site's guides and one part of its reference, built and walked as on a phone. `npm run site` builds all of it. */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pictures, writeGallery } from "../../scripts/site/gallery.ts";
import { guides, readme } from "../../scripts/site/guides.ts";
import { deadLinks } from "../../scripts/site/links.ts";
import { writeReference } from "../../scripts/site/reference.ts";
import { scratchFolder } from "../../scripts/site/scratch.ts";
import { executablePath, noBrowser, widths } from "../lab/harness.ts";

const work = scratchFolder();
const site = join(work, "site");
/** Nowhere: what is asked of it is read from the folder. */
const HOST = "http://site.test";
const html = (folder: string): string[] =>
  readdirSync(join(site, folder))
    .filter((f) => f.endsWith(".html"))
    .map((f) => `${folder}/${f}`);

beforeAll(async () => {
  // the schedule's chart takes no time
  const gallery = writeGallery(join(work, "gallery"), pictures.slice(0, 1));
  await writeReference(site, {
    sources: ["src/random/index.ts"],
    readme,
    pages: [...guides, gallery],
    links: { "The lab": "lab/index.html" },
  });
  // stands for the lab, which has tests of its own
  mkdirSync(join(site, "lab"));
  writeFileSync(join(site, "lab/index.html"), "<title>The lab</title>");
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

test("there is a page for each guide and each name", () => {
  expect(html("documents")).toHaveLength(guides.length + 1);
  expect(html("functions").map((f) => basename(f))).toContain("steepest_random.threefry2x32.html");
});

test("every link leads somewhere, and nothing is asked from another host", () => {
  expect(deadLinks(site)).toEqual([]);
});

test("a dead link, a dead anchor and a foreign script are found", () => {
  const bad = join(work, "bad");
  cpSync(join(site, "lab"), bad, { recursive: true });
  const page =
    '<script src="https://example.org/x.js"></script><a href="no.html">a</a><a href="#no">b</a><p id="yes">';
  writeFileSync(join(bad, "page.html"), `${page}<a href="#yes">c</a><a href="index.html">d</a>`);
  expect(deadLinks(bad)).toEqual([
    'page.html asks another host: <script src="https://example.org/x.js"',
    "page.html leads nowhere: no.html",
    "page.html leads nowhere: #no",
  ]);
});

describe.skipIf(noBrowser !== null)("on a phone", () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    });
    const context = await browser.newContext({ viewport: { width: widths.phone, height: 740 } });
    context.on("weberror", (e) => problems.push(`uncaught: ${e.error().message}`));
    context.on("console", (m) => {
      if (m.type() === "error") problems.push(m.text());
    });
    context.on("request", (r) => {
      if (!/^(data|blob):/.test(r.url()) && !r.url().startsWith(HOST))
        problems.push(`asked elsewhere: ${r.url()}`);
    });
    await context.route(`${HOST}/**`, (r) =>
      r.fulfill({ path: join(site, decodeURIComponent(new URL(r.request().url()).pathname)) }),
    );
    page = await context.newPage();
  });
  afterAll(() => browser?.close());

  const open = (path: string): Promise<unknown> => page.goto(`${HOST}/${encodeURI(path)}`);

  test("every page is as wide as the screen, has a heading and leads to the lab", async () => {
    const wide: string[] = [];
    for (const path of ["index.html", ...html("documents"), ...html("modules"), ...html("functions")]) {
      await open(path);
      await page.locator("h1").first().waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > widths.phone) wide.push(`${path} is ${width} px wide`);
    }
    expect(wide).toEqual([]);
    expect(problems).toEqual([]);
    await page.getByRole("link", { name: "The lab", exact: true }).first().click();
    await page.waitForURL(/lab\/index\.html$/);
  });

  test("the chart of the gallery is drawn, with its command above", async () => {
    await open("documents/Gallery.html");
    const picture = page.locator(".tsd-typography img").first();
    await expect.poll(() => picture.evaluate((i: HTMLImageElement) => i.naturalWidth)).toBeGreaterThan(0);
    expect(await page.locator("pre").first().textContent()).toContain("steepest schedule one-cycle");
    expect(problems).toEqual([]);
  });
});
