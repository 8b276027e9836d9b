/**
 * Frames a second while somebody drags, each at another place: the race with ten optimizers, and other rooms by their
 * address. `npx jiti bench/frames.ts [#/race?…]` after `npm run build`; prints one line of JSON each, with the processor
 * time of a frame in the page's process (its worker included) and in the one that puts it on the screen.
 */
import { chromium } from "playwright-core";
import { serveSite } from "../src/cli/lab/server.ts";
import { labFolder, readSite } from "../src/cli/lab/site.ts";

const TEN =
  "#/race?run=sgd,sgd:momentum%3D0.9,nag,adagrad,rmsprop,adam,adamw,lion,adadelta,nadam&rates=same&lr=0.01";
/** Of dragging. s */
const SECONDS = 4;

const serving = await serveSite(await readSite(process.env["LAB_DIST"] ?? labFolder()), {
  host: "127.0.0.1",
  port: 0,
});
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
const session = await browser.newBrowserCDPSession();
/** Processor time by kind of process. ms */
async function processorTime(): Promise<Record<string, number>> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const spent: Record<string, number> = {};
  for (const { type, cpuTime } of processInfo)
    if (type === "renderer" || type === "GPU") spent[type] = (spent[type] ?? 0) + 1000 * cpuTime;
  return spent;
}
for (const hash of process.argv.length > 2 ? process.argv.slice(2) : [TEN]) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(serving.url + hash);
  await page.locator(".bench .verdict").first().waitFor();
  await page.waitForTimeout(4000);
  const box = (await page.locator(".plane").first().boundingBox())!;
  const at = (turn: number): { readonly clientX: number; readonly clientY: number } => ({
    clientX: box.x + box.width * (0.5 + 0.3 * Math.cos(turn)),
    clientY: box.y + box.height * (0.5 + 0.3 * Math.sin(turn)),
  });
  const { clientX, clientY } = at(0);
  await page.mouse.move(clientX, clientY);
  await page.mouse.down();
  const before = await processorTime();
  // times of the frames that the page could draw; the pointer moves in each of them
  const times = await page.evaluate(
    ({ places, ms }) =>
      new Promise<number[]>((done) => {
        const plane = document.querySelector(".plane > svg")!;
        const seen: number[] = [];
        requestAnimationFrame(function tick(now) {
          seen.push(now);
          if (now - seen[0]! > ms) return done(seen);
          const place = places[seen.length % places.length]!;
          plane.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, ...place }));
          requestAnimationFrame(tick);
        });
      }),
    { places: Array.from({ length: 126 }, (_, i) => at(i / 20)), ms: 1000 * SECONDS },
  );
  const after = await processorTime();
  await page.mouse.up();
  const gaps = times.slice(1).map((t, i) => t - times[i]!);
  const spent = times.at(-1)! - times[0]!;
  console.log(
    JSON.stringify({
      hash,
      framesPerSecond: Number(((1000 * gaps.length) / spent).toFixed(1)),
      longestGapMs: Math.round(Math.max(...gaps)),
      over50ms: gaps.filter((g) => g > 50).length,
      processorMsPerFrame: Object.fromEntries(
        Object.entries(after).map(([type, ms]) => [
          type,
          Number(((ms - (before[type] ?? 0)) / gaps.length).toFixed(2)),
        ]),
      ),
    }),
  );
  await page.close();
}
await browser.close();
await serving.close();
