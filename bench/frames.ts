/**
 * Frames a second while somebody drags: the race with ten optimizers, and other rooms by their address.
 * `npx jiti bench/frames.ts [#/race?…]` after `npm run build`; prints one line of JSON each.
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
for (const hash of process.argv.length > 2 ? process.argv.slice(2) : [TEN]) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(serving.url + hash);
  await page.locator(".bench .verdict").first().waitFor();
  await page.waitForTimeout(4000);
  const box = (await page.locator(".plane").first().boundingBox())!;
  // gaps between the frames that the page could draw
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    requestAnimationFrame(function tick(now) {
      times.push(now);
      requestAnimationFrame(tick);
    });
  });
  const at = (turn: number): [number, number] => [
    box.x + box.width * (0.5 + 0.3 * Math.cos(turn)),
    box.y + box.height * (0.5 + 0.3 * Math.sin(turn)),
  ];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  const began = performance.now();
  for (let turn = 0; performance.now() - began < 1000 * SECONDS; turn += 0.05)
    await page.mouse.move(...at(turn));
  await page.mouse.up();
  const times = await page.evaluate(() => (window as unknown as { times: number[] }).times);
  const gaps = times.slice(1).map((t, i) => t - times[i]!);
  const spent = times.at(-1)! - times[0]!;
  console.log(
    JSON.stringify({
      hash,
      framesPerSecond: Number(((1000 * gaps.length) / spent).toFixed(1)),
      longestGapMs: Math.round(Math.max(...gaps)),
      over50ms: gaps.filter((g) => g > 50).length,
    }),
  );
  await page.close();
}
await browser.close();
await serving.close();
