/**
 * steepest and jax-js on WebGPU, side by side in one Chromium on one adapter: `npm --prefix bench run webgpu --
 * [--only w2-64] [--gpu] [--rounds 3] [--alive 100000]`. Results are compared before anything is timed. The adapter is
 * the one in software unless `--gpu` asks for the machine's own. `--alive N`: buffers alive after so many steps of W2.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import { build, type Rollup } from "vite";
import { writeData } from "../data.ts";

const here = import.meta.dirname;
const data = join(here, "../data");
const peers = ["steepest", "jax"] as const;
/** With the data files that they need, and how far the losses after 20 steps may lie apart. */
const workloads = [
  { id: "w2-64", files: /^w2_/, tolerance: 1e-4 },
  { id: "w2-512", files: /^w2_/, tolerance: 1e-4 },
  { id: "w3", files: /^w3_/, tolerance: 1e-5 },
  { id: "w6-64", files: /^(w6|cnn)_/, tolerance: 1e-4 },
  { id: "gpt", files: /^gpt_/, tolerance: 1e-4 },
] as const;

interface Round {
  /** Of all threads of the process that the adapter computes in, a step. */
  readonly processor: number;
  readonly milliseconds: number;
  readonly steps: number;
  readonly dispatches: number;
  readonly submissions: number;
  readonly buffers: number;
}

const { values: asked } = parseArgs({
  options: {
    only: { type: "string" },
    gpu: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    alive: { type: "string" },
  },
});

const software = ["--use-webgpu-adapter=swiftshader", "--use-vulkan=swiftshader", "--disable-gpu-watchdog"];
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: [
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan",
    ...(asked.gpu ? ["--ignore-gpu-blocklist", "--use-angle=vulkan"] : software),
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ],
});

/** An adapter as one module for pages: its protocol is the pages' own. */
async function bundled(entry: string): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: "error",
    plugins: [
      {
        name: "pages' protocol",
        enforce: "pre",
        resolveId: (id) => (id.endsWith("/protocol.mjs") ? join(here, "protocol.mjs") : null),
      },
    ],
    build: {
      write: false,
      target: "esnext",
      lib: { entry: resolve(here, "../peers", entry), formats: ["es"], fileName: "page" },
      rollupOptions: { output: { codeSplitting: false } },
    },
  });
  const [output] = (Array.isArray(made) ? made : [made]) as Rollup.RollupOutput[];
  return output!.output[0].code;
}

/** A page of its own, prepared: the check, and rounds. */
async function start(peer: (typeof peers)[number], { id, files }: (typeof workloads)[number]): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(600_000);
  page.on("pageerror", (error) => console.error(`${peer} in ${id}: ${error.message}`));
  // a trustworthy origin, where nothing listens
  await page.route("http://localhost/**", (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/page.js") return route.fulfill({ contentType: "text/javascript", body: code[peer] });
    if (pathname.startsWith("/data/"))
      return route.fulfill({ body: readFileSync(join(data, pathname.slice(6))) });
    return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>bench</title>" });
  });
  const names = readdirSync(data).filter((name) => files.test(name));
  await page.goto(`http://localhost/?workload=${id}&files=${names.join(",")}`);
  await page.addScriptTag({ type: "module", url: "/page.js" });
  await page.waitForFunction("globalThis.bench !== undefined");
  console.error(`${peer} has made 20 steps of ${id}`);
  return page;
}

const check = (page: Page): Promise<number> => page.evaluate('bench.check["loss after 20"]');
const session = await browser.newBrowserCDPSession();
/** Seconds of processor time of the browser's GPU process, which is where the software adapter computes. */
async function processorSeconds(): Promise<number> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.find((p) => p.type === "GPU")?.cpuTime ?? Number.NaN;
}
async function round(page: Page, seconds: number): Promise<Round> {
  const before = await processorSeconds();
  const { step } = (await page.evaluate(`bench.measure(${seconds})`)) as { step: Omit<Round, "processor"> };
  return { ...step, processor: (1000 * ((await processorSeconds()) - before)) / step.steps };
}
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[(list.length - 1) >> 1]!;

writeData(data);
const code = { steepest: await bundled("steepest.ts"), jax: await bundled("jax.mjs") };

if (asked.alive !== undefined) {
  const page = await start("steepest", workloads[0]);
  const first = await round(page, 1);
  let { steps, buffers } = first;
  while (steps < Number(asked.alive)) {
    const more = await round(page, 10);
    steps += more.steps;
    buffers = more.buffers;
  }
  console.log(`buffers alive after ${first.steps} steps: ${first.buffers}, after ${steps}: ${buffers}`);
} else {
  const probe = await browser.newPage();
  await probe.route("http://localhost/**", (r) => r.fulfill({ contentType: "text/html", body: "" }));
  await probe.goto("http://localhost/");
  console.log(
    await probe.evaluate(
      "navigator.gpu.requestAdapter().then((a) => a === null ? 'no adapter' : [a.info.vendor, a.info.architecture, a.info.description].join(' '))",
    ),
  );
  let wrong = 0;
  const only = asked.only?.split(",");
  for (const workload of workloads.filter(({ id }) => only === undefined || only.includes(id))) {
    const pages = await Promise.all(peers.map((peer) => start(peer, workload)));
    const [ours, theirs] = await Promise.all(pages.map(check));
    const apart = Math.abs(ours! - theirs!) / Math.abs(theirs!);
    console.log(`${workload.id}: loss after 20 steps ${ours} and ${theirs}, apart ${apart.toExponential(1)}`);
    if (!(apart <= workload.tolerance)) wrong++;
    else {
      const rounds: Round[][] = peers.map(() => []);
      for (let k = 0; k < Number(asked.rounds); k++)
        for (const i of k % 2 === 0 ? [0, 1] : [1, 0])
          rounds[i]!.push(await round(pages[i]!, Number(asked.seconds)));
      peers.forEach((peer, i) => {
        const speed = 1000 / median(rounds[i]!.map((r) => r.milliseconds));
        const { dispatches, submissions } = rounds[i]![0]!;
        const processor = median(rounds[i]!.map((r) => r.processor));
        console.log(
          `  ${peer}: ${speed.toPrecision(3)} steps/s, ${processor.toPrecision(3)} ms of processor time, ${dispatches.toFixed(1)} dispatches and ${submissions.toFixed(1)} submissions a step`,
        );
      });
      const ratio = median(rounds[1]!.map((r, k) => r.milliseconds / rounds[0]![k]!.milliseconds));
      console.log(`  jax-js takes ${ratio.toFixed(2)} times as long`);
    }
    for (const page of pages) await page.close();
  }
  if (wrong > 0) process.exitCode = 1;
}
await browser.close();
