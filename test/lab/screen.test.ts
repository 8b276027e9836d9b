/** One screen: what a room is about is seen without scrolling, it does not jump while it loads, and it comes quickly. */
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { rooms } from "./build.ts";
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

describeLab("one screen", (lab) => {
  for (const [width, height, limit] of [
    [1440, 900, 900],
    [1366, 768, 768],
    [360, 780, 780],
  ] as const) {
    test(`figure, Play and verdict are on the first screen of ${width} × ${height}, and nothing jumps`, async () => {
      const context = await lab.context({ width, height });
      const look = async (room: string): Promise<void> => {
        const page = await context.newPage();
        await watchShifts(page);
        await page.goto(`${lab.url()}#/${room}`);
        await page.locator(".bench .verdict").first().waitFor();
        await page.waitForTimeout(1200);
        const parts: Record<string, number | null> = {
          figure: await bottom(page, ".bench .picture"),
          verdict: await bottom(page, ".bench .verdict .title"),
        };
        if (room !== "doctor") parts["play"] = await bottom(page, starts);
        for (const [part, at] of Object.entries(parts))
          expect(at, `${room}: ${part} at ${width} px`).toBeLessThanOrEqual(limit);
        const { sum, what } = await page.evaluate(
          () => (window as unknown as { seen: { sum: number; what: string[] } }).seen,
        );
        expect(sum, `${room} at ${width} px jumps: ${what.join("; ")}`).toBeLessThanOrEqual(0.02);
        await page.close();
      };
      for (let i = 0; i < rooms.length; i += 3) await Promise.all(rooms.slice(i, i + 3).map(look));
    }, 90_000);
  }

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

  test("a cold link to any room loads at most 150 KB, packed, before the engine’s worker", async () => {
    const sizes: string[] = [];
    for (const room of rooms) {
      const context = await lab.context();
      const page = await context.newPage();
      const seen = new Map<string, Promise<number>>();
      page.on("response", (r) => {
        const own = /\.(html|js|css|woff2)$|\/$/.test(new URL(r.url()).pathname);
        if (!own) return;
        const bytes = r.body().then((b) => gzipSync(b).length);
        bytes.catch(() => {}); // the worker's may come when the page is closed; those of the page are waited for
        seen.set(r.url(), bytes);
      });
      await page.goto(`${lab.url()}#/${room}`, { waitUntil: "networkidle" });
      const loaded = await page.evaluate(() =>
        performance.getEntriesByType("resource").map((e) => e.name.split("#")[0]!),
      );
      // of the page, not of the worker, whose code and data come while the page is there already
      const wanted = new Set([...loaded, lab.url()]);
      let sum = 0;
      for (const [url, bytes] of seen) if (wanted.has(url)) sum += await bytes;
      sizes.push(`${room} ${Math.round(sum / 1000)}`);
      expect(sum, sizes.join(", ")).toBeLessThanOrEqual(150_000);
      await context.close();
    }
  }, 60_000);
});
