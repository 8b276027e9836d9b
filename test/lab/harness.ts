/** The lab as its users have it: built, served by the real server, in a real Chromium. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Result } from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { serveSite } from "../../src/cli/lab/server.ts";
import type { Serving } from "../../src/cli/listen.ts";
import { builtLab } from "./build.ts";

export const executablePath: string | undefined = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
].find((path) => path !== undefined && existsSync(path));
/** Why there is no browser, or null. */
export const noBrowser: string | null = executablePath
  ? null
  : "no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM to its path";
if (noBrowser !== null) {
  if (process.env["CI"] === "true") throw new Error(noBrowser);
  console.warn(`lab tests are skipped: ${noBrowser}`);
}

/** ms for what a page does, however busy the machine: only a page that is stuck takes as long. */
const patience = 60_000;

/** LAB_PICTURES=folder keeps a picture of each page that is inspected. */
const pictures = process.env["LAB_PICTURES"];

export const widths = { phone: 360, laptop: 1280, wide: 1920 } as const;
type Theme = "light" | "dark";

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: Theme;
  readonly reducedMotion?: boolean;
  /** Default false: tests should not find yesterday's page. */
  readonly serviceWorkers?: boolean;
}

export interface Lab {
  /** A fresh page at `hash`, such as `#/step-size?lr=0.19`, with the room's content there. */
  readonly open: (hash: string, options?: OpenOptions) => Promise<Page>;
  readonly url: () => string;
  readonly context: (options?: OpenOptions) => Promise<BrowserContext>;
  /** For the last test of a file. */
  readonly stopServing: () => Promise<void>;
  /** For a test that provokes problems: those that match are no failure. */
  readonly forgive: (problem: RegExp) => void;
}

/** `describe` with the lab; skipped where there is no Chromium. Each test fails on any console error or refused content. */
export function describeLab(name: string, body: (lab: Lab) => void): void {
  describe.skipIf(noBrowser !== null)(name, () => {
    let [browser, serving]: [Browser | undefined, Serving | undefined] = [undefined, undefined];
    const contexts: BrowserContext[] = [];
    const problems: string[] = [];

    beforeAll(async () => {
      serving = await serveSite(await builtLab(), { host: "127.0.0.1", port: 0 });
      browser = await chromium.launch({
        executablePath: executablePath!,
        args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
      });
    });
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((c) => c.close()));
      expect(problems.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await browser?.close();
      await serving?.close();
    });

    async function context(options: OpenOptions = {}): Promise<BrowserContext> {
      const { width = widths.laptop, height = 900, theme = "light" } = options;
      const made = await browser!.newContext({
        viewport: { width, height },
        colorScheme: theme,
        reducedMotion: options.reducedMotion ? "reduce" : "no-preference",
        serviceWorkers: options.serviceWorkers ? "allow" : "block",
        acceptDownloads: true,
      });
      made.setDefaultTimeout(patience);
      contexts.push(made);
      made.on("weberror", (e) => problems.push(`uncaught: ${e.error().message}`));
      made.on("console", (m) => {
        // Chromium reports a refused script, style or request as an error too
        const loud = m.type() === "error" || m.type() === "warning";
        if (loud && !m.text().includes("blocked by Playwright")) problems.push(`${m.type()}: ${m.text()}`);
      });
      made.on("request", (r) => {
        const foreign = /^https?:/.test(r.url()) && !r.url().startsWith(serving!.url);
        if (foreign) problems.push(`asked elsewhere: ${r.url()}`);
      });
      return made;
    }

    body({
      context,
      url: () => serving!.url,
      stopServing: () => serving!.close(),
      forgive: (problem) => {
        problems.splice(0, problems.length, ...problems.filter((p) => !problem.test(p)));
      },
      open: async (hash, options) => {
        const page = await (await context(options)).newPage();
        await page.goto(serving!.url + hash);
        await page.locator("h1").waitFor();
        await page.locator("article [role=status]:text('Opening the room')").waitFor({ state: "detached" });
        // a font that comes late moves what a test is about to point at
        await page.evaluate(() => document.fonts.ready.then(() => undefined));
        return page;
      },
    });
  });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * What axe finds, one line each: WCAG 2.2 A and AA, and best practices. `rules` some of them: for a page that differs from
 * one already looked at in what they see alone.
 */
export async function axe(
  page: Page,
  { rules }: { readonly rules?: readonly string[] } = {},
): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async (values) => {
    type Run = (options: object) => Promise<{ violations: Result[] }>;
    const { axe } = window as unknown as { axe: { run: Run } };
    return (await axe.run(values === null ? {} : { runOnly: { type: "rule", values } })).violations;
  }, rules ?? null);
  return found.flatMap(({ id, help, nodes }) => nodes.map((n) => `${id}: ${help}: ${n.target.join(" ")}`));
}

/** What axe's default rules look at in colours. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** axe in light and dark on a phone and a laptop, and that nothing is wider than the page. */
export async function inspect(
  lab: Lab,
  hash: string,
  { name, ready }: { name: string; ready: (page: Page) => Promise<unknown> },
): Promise<void> {
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
  const page = await lab.open(hash, { width: widths.phone });
  await ready(page);
  for (const width of Object.values(widths)) {
    for (const theme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: theme });
      // charts are drawn anew for another width or theme
      await page.waitForTimeout(200);
      if (pictures !== undefined) {
        await page.screenshot({ path: join(pictures, `${name}-${width}-${theme}.png`), fullPage: true });
      }
      const excess = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(excess, `${name} at ${width} px scrolls sideways`).toBeLessThanOrEqual(0);
      // the dark page is the light one in other colours
      if (width !== widths.wide) {
        const found = await axe(page, theme === "dark" ? { rules: COLOURS } : {});
        expect(found, `${name} at ${width} px, ${theme}`).toEqual([]);
      }
    }
  }
  await page.context().close();
}

/** Opens the drawers of all experiments in view. */
export async function openDrawers(page: Page): Promise<void> {
  await page.locator(".drawer > summary").first().waitFor();
  await page.locator(".drawer").evaluateAll((all) => {
    for (const drawer of all) (drawer as HTMLDetailsElement).open = true;
  });
}

/** The address after the page has written what waited. */
export async function settledHash(page: Page): Promise<string> {
  // a timer of the page's own comes after those that it had set before, however slow the machine
  return page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await new Promise((done) => setTimeout(done, 450));
    return location.hash;
  });
}
