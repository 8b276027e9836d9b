/** One screen: what a room is about is seen without scrolling, it does not jump while it loads, and it comes quickly. */
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { Site } from "../../src/cli/lab/site.ts";
import { builtLab, rooms } from "./build.ts";
import { describeLab } from "./harness.ts";

/** Where the room's experiment starts or plays; the doctor has a finished log. */
const starts = ".transport button.main, .transport button";

const bottom = (page: Page, selector: string): Promise<number | null> =>
  page
    .locator(selector)
    .first()
    .evaluate((e) => e.getBoundingClientRect().bottom);

/** Sum of all layout shifts that nobody asked for. */
async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = { sum: 0, what: [] as string[] };
    Object.assign(window, { seen });
    interface Shift extends PerformanceEntry {
      readonly value: number;
      readonly hadRecentInput: boolean;
      readonly sources: readonly { readonly node: Node | null }[];
    }
    new PerformanceObserver((list) => {
      for (const e of list.getEntries() as Shift[]) {
        if (e.hadRecentInput) continue;
        seen.sum += e.value;
        const nodes = e.sources.map((s) => (s.node as Element | null)?.className || s.node?.nodeName);
        seen.what.push(`${e.value.toFixed(4)} ${nodes.join(" ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

const packed = new Map<string, number>();
/** Bytes of a file of the build, packed. */
function packedSize(site: Site, path: string): number {
  const size = packed.get(path) ?? gzipSync(site.get(path)!.body).length;
  packed.set(path, size);
  return size;
}

/** The page and its styles and fonts, not data. */
const ofCode = (path: string): boolean => /\.(html|js|css|woff2)$/.test(path);
const LIMIT = 150_000;
/** A whole trainer: every optimizer and schedule of a run file, and the checks of one; room 13 has the doctor, too. */
const WHOLE: Readonly<Record<string, number>> = { train: 191_000, "language-model": 252_000 };

describeLab("one screen", (lab) => {
  /** Figure, Play and verdict end above `limit`. */
  async function within(page: Page, room: string, [width, limit]: readonly [number, number]): Promise<void> {
    const parts: Record<string, number | null> = {
      figure: await bottom(page, ".bench .picture"),
      verdict: await bottom(page, ".bench .verdict .title"),
    };
    if (room !== "doctor") parts["play"] = await bottom(page, starts);
    for (const [part, at] of Object.entries(parts))
      expect(at, `${room}: ${part} at ${width} px`).toBeLessThanOrEqual(limit);
  }

  /** That, and nothing has moved. */
  async function look(page: Page, room: string, size: readonly [number, number]): Promise<void> {
    await page.locator(`[data-room=${room}] .bench .verdict`).first().waitFor();
    await page.waitForTimeout(700);
    await within(page, room, size);
    const { sum, what } = await page.evaluate(() => {
      const { seen } = window as unknown as { seen: { sum: number; what: string[] } };
      return { sum: seen.sum, what: seen.what.splice(0) };
    });
    await page.evaluate(() => Object.assign((window as unknown as { seen: object }).seen, { sum: 0 }));
    expect(sum, `${room} at ${size[0]} px jumps: ${what.join("; ")}`).toBeLessThanOrEqual(0.02);
  }

  test("a cold link to any room: all on the first screen of 1440 × 900 and 1366 × 768, nothing jumps, at most 150 KB, packed, and as many for the worker", async () => {
    const site = await builtLab();
    const context = await lab.context({ width: 1440, height: 900 });
    const open = async (room: string): Promise<void> => {
      const page = await context.newPage();
      await watchShifts(page);
      const asked = new Set<string>();
      page.on("request", (r) => asked.add(r.url().split("#")[0]!));
      await page.goto(`${lab.url()}#/${room}`);
      await look(page, room, [1440, 900]);
      await page.setViewportSize({ width: 1366, height: 768 });
      // what follows the width is drawn in the frame after
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
      await within(page, room, [1366, 768]);
      const own = new Set(
        await page.evaluate(() => performance.getEntriesByType("resource").map((e) => e.name.split("#")[0]!)),
      );
      const sizes = { page: 0, worker: 0 };
      for (const url of asked) {
        const path = new URL(url).pathname.replace(/\/$/, "/index.html");
        if (!ofCode(path)) continue;
        sizes[url === lab.url() || own.has(url) ? "page" : "worker"] += packedSize(site, path);
      }
      expect(sizes.page, `${room}: the page`).toBeGreaterThan(50_000);
      expect(sizes.page, `${room}: the page`).toBeLessThanOrEqual(LIMIT);
      // schedules computes in the page
      if (room !== "schedules") expect(sizes.worker, `${room}: the worker`).toBeGreaterThan(10_000);
      expect(sizes.worker, `${room}: the worker`).toBeLessThanOrEqual(WHOLE[room] ?? LIMIT);
      await page.close();
    };
    for (let i = 0; i < rooms.length; i += 3) await Promise.all(rooms.slice(i, i + 3).map(open));
  });

  test("from room to room on a phone, all on the first screen of 360 × 780, and nothing jumps", async () => {
    const page = await (await lab.context({ width: 360, height: 780 })).newPage();
    await watchShifts(page);
    await page.goto(`${lab.url()}#/${rooms[0]}`);
    for (const room of rooms) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `#/${room}`);
      await look(page, room, [360, 780]);
    }
  });

  test("the stage stays in view while the text scrolls", async () => {
    const page = await lab.open("#/step-size", { width: 1440 });
    await page.mouse.move(1200, 500);
    await page.mouse.wheel(0, 900);
    await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(500);
    const box = (await page.locator(".plane").boundingBox())!;
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.y + box.height).toBeLessThanOrEqual(900);
  });

  test("for a projector: no text, larger type, and the address says so", async () => {
    const page = await lab.open("#/step-size?lr=0.1");
    const size = () => page.evaluate(() => Number.parseFloat(getComputedStyle(document.body).fontSize));
    const before = await size();
    await page.getByRole("button", { name: "Present" }).click();
    await expect.poll(() => page.locator(".reading").isVisible()).toBe(false);
    expect(await size()).toBeGreaterThan(1.2 * before);
    expect(await page.evaluate(() => location.hash)).toBe("#/step-size?lr=0.1&present");
    await page.getByRole("button", { name: "Present" }).click();
    await expect.poll(() => page.locator(".reading").isVisible()).toBe(true);
  });
});
