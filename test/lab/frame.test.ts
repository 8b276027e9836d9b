/** What all rooms share: first page, addresses, theme, content policy, offline use, size, figures. */

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { builtLab, rooms } from "./build.ts";
import { axe, describeLab, inspect, settledHash, widths } from "./harness.ts";

const ready = (page: Page): Promise<void> =>
  page.locator("path.trail").first().waitFor({ state: "attached" });

test("the first load stays below 150 KB packed, fonts included", async () => {
  const site = await builtLab();
  const wanted = new Set(["/index.html"]);
  for (const name of wanted) {
    const text = Buffer.from(site.get(name)!.body).toString();
    // what the page, its script and its styles ask for at once: not what they import later
    const found = name.endsWith(".html")
      ? text.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)
      : text.matchAll(/(?:^|[;}])import(?:[^"'()]*from)?\s*["']\.\/([^"']+)["']/g);
    for (const [, file] of found) wanted.add(name.endsWith(".html") ? `/${file}` : `/assets/${file}`);
  }
  const display = [...site.keys()].find((f) => /KaTeX_Main-Regular.*woff2$/.test(f))!;
  const sizes = [...wanted, display].map((f) => [f, gzipSync(site.get(f)!.body).length] as const);
  expect(sizes.length).toBeGreaterThanOrEqual(4);
  expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(150_000);
});

describeLab("the frame", (lab) => {
  test("the first page is readable by everybody", async () => {
    await inspect(lab, "", { name: "00-first-page", ready: (p) => p.locator("main li a").first().waitFor() });
  });

  test("loads what the size test counts, then the worker for the cards in view, each below 150 KB; all cards show their rooms", async () => {
    const context = await lab.context({ reducedMotion: true });
    const page = await context.newPage();
    // in the order of asking: the page is there when its worker begins
    const asked: { readonly url: string; readonly size: Promise<number> }[] = [];
    page.on("response", (r) => {
      asked.push({ url: r.url(), size: r.body().then((body) => gzipSync(body).length) });
    });
    await page.goto(lab.url());
    const pictures = page.locator(".thumb .there");
    const cards = await page
      .locator(".thumb")
      .evaluateAll(
        (all) => all.filter((t) => t.getBoundingClientRect().top + 0.6 * t.clientHeight < innerHeight).length,
      );
    expect(cards).toBeGreaterThanOrEqual(4);
    const shown = (count: number): Promise<void> =>
      pictures.nth(count - 1).waitFor({ state: "attached", timeout: 0 });
    await shown(cards);
    const worker = asked.findIndex((r) => r.url.includes("engine-worker"));
    const [ofPage, ofWorker] = [asked.slice(0, worker), asked.slice(worker)];
    expect(ofPage.filter((r) => /Room|plot/.test(r.url))).toEqual([]);
    for (const part of [ofPage, ofWorker]) {
      expect(part.length).toBeGreaterThan(3);
      const sizes = await Promise.all(part.map((r) => r.size));
      expect(sizes.reduce((a, b) => a + b)).toBeLessThan(150_000);
    }

    await page.setViewportSize({ width: widths.laptop, height: 3000 });
    await shown(rooms.length);
    const colours = await pictures.evaluateAll((all) =>
      all.map((c) => {
        const { width, height } = c as HTMLCanvasElement;
        const { data } = (c as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
        return new Set(new Uint32Array(data.buffer)).size;
      }),
    );
    for (const count of colours) expect(count).toBeGreaterThan(2);
  });

  test("an address that names no room, or a value that is none, is said and does no harm", async () => {
    const page = await lab.open("#/nowhere");
    expect(await page.getByRole("alert").textContent()).toContain("nowhere");
    const room = await lab.open("#/step-size?lr=fast&x=99&k=2.5&unknown=1");
    await ready(room);
    const said = (await room.getByRole("alert").allTextContents()).join(" ");
    for (const part of ["lr=fast", "x=99", "k=2.5"]) expect(said).toContain(part);
    expect(await room.getByLabel("Learning rate, as a number").inputValue()).toBe("0.19");
  });

  test("markup in an address stays text", async () => {
    const evil = encodeURIComponent('<img src=x onerror="document.title=1">');
    for (const hash of [`#/${evil}`, `#/step-size?lr=${evil}&hide=${evil}`]) {
      const page = await lab.open(hash);
      expect(await page.locator("img[src=x]").count()).toBe(0);
    }
  });

  test("the address follows back and forward, and links between rooms work by keyboard", async () => {
    const page = await lab.open("");
    await page.locator("main li a").first().focus();
    await page.keyboard.press("Enter");
    await ready(page);
    expect(await page.title()).toContain("Step size");
    await page.getByLabel("Learning rate, as a number").fill("0.1");
    expect(await settledHash(page)).toBe("#/step-size?lr=0.1");
    await page.goBack();
    await page.locator("main li a").first().waitFor({ state: "attached" });
    await page.goForward();
    await ready(page);
    expect(await page.getByLabel("Learning rate, as a number").inputValue()).toBe("0.1");
    // what waits to be written must not win over another address, however busy the page is
    await page.getByLabel("Learning rate, as a number").fill("0.12");
    const busy = page.evaluate(() => {
      const end = performance.now() + 600;
      while (performance.now() < end);
    });
    await page.goto(`${lab.url()}#/step-size?lr=0.13`);
    await busy;
    expect(await settledHash(page)).toBe("#/step-size?lr=0.13");
    expect(await page.getByLabel("Learning rate, as a number").inputValue()).toBe("0.13");
  });

  test("the theme can be chosen and is kept", async () => {
    const page = await lab.open("", { theme: "light" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByLabel("Theme").selectOption("dark");
    expect(await ground()).not.toBe(light);
    await page.reload();
    await page.locator("h1").waitFor();
    expect(await ground()).not.toBe(light);
    expect(await page.getByLabel("Theme").inputValue()).toBe("dark");
  });

  test("the content policy refuses scripts, styles and requests from elsewhere", async () => {
    const context = await lab.context();
    const page = await context.newPage();
    await page.goto(lab.url());
    await page.locator("h1").waitFor();
    const refused = await page.evaluate(async () => {
      const seen: string[] = [];
      document.addEventListener("securitypolicyviolation", (e) => seen.push(e.effectiveDirective));
      document.body.insertAdjacentHTML("beforeend", '<p style="color:red">red</p>');
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      await fetch("https://example.com/").catch(() => null);
      await new Promise((r) => setTimeout(r, 50));
      return { seen, ran: "ran" in window };
    });
    expect(refused.ran).toBe(false);
    expect([...new Set(refused.seen)].sort()).toEqual(["connect-src", "script-src-elem", "style-src-attr"]);
    lab.forgive(/Content Security Policy|violates the following|asked elsewhere|Refused to connect/);
  });

  test("parts can be hidden for embedding, and stay hidden while a value changes", async () => {
    const page = await lab.open("#/step-size?hide=text,frame,data");
    await ready(page);
    for (const part of [".prose", ".top", "footer", ".tools"]) {
      expect(await page.locator(part).first().isVisible()).toBe(false);
    }
    await page.getByLabel("Learning rate, as a number").fill("0.1");
    expect(await settledHash(page)).toBe("#/step-size?lr=0.1&hide=text,frame,data");
    expect(await page.locator(".prose").first().isVisible()).toBe(false);
    expect(await axe(page)).toEqual([]);
  });

  test("figures give picture and numbers away", async () => {
    const page = await lab.open("#/step-size");
    await ready(page);
    await page.locator(".chart .series").first().waitFor({ state: "attached" });
    const take = async (figure: number, item: string): Promise<Buffer> => {
      const tools = page.locator(".tools").nth(figure);
      await tools.getByText("Export").click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        tools.getByRole("button", { name: item }).click(),
      ]);
      return readFileSync(await download.path());
    };
    for (const figure of [0, 1]) {
      const svg = (await take(figure, "SVG")).toString();
      expect(svg).toMatch(/^<svg[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
      const parsed = await page.evaluate(
        (text) => new DOMParser().parseFromString(text, "image/svg+xml").querySelectorAll("path").length,
        svg,
      );
      expect(parsed).toBeGreaterThan(3);
      const png = await take(figure, "PNG");
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect(png.readUInt32BE(16)).toBeGreaterThan(800);
      const csv = (await take(figure, "CSV")).toString().trim().split(/\r?\n/);
      expect(csv[0]).toBe("path,rate,step,x,y,f");
      expect(csv).toHaveLength(1 + 3 * 41);
    }
  });

  test("less motion is respected: play shows the end at once", async () => {
    const page = await lab.open("#/step-size?k=0", { reducedMotion: true });
    await ready(page);
    await page.getByRole("button", { name: "Play" }).click();
    expect(await settledHash(page)).toBe("#/step-size");
  });

  test("works without a connection once it was there", async () => {
    const context = await lab.context({ serviceWorkers: true });
    const page = await context.newPage();
    await page.goto(lab.url());
    await page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready;
      if (active && active.state !== "activated") {
        await new Promise((r) => active.addEventListener("statechange", r, { once: true }));
      }
    });
    await lab.stopServing();
    await page.goto(`${lab.url()}#/step-size?lr=0.1`);
    await page.reload();
    await ready(page);
    await page.locator(".chart .series").first().waitFor({ state: "attached" });
  });
});
