/** A page with WebGPU, on the software adapter that Chromium brings. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, type Plugin, type Rollup } from "vite";
import { executablePath, noBrowser } from "../lab/harness.ts";

export { noBrowser };

const args = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
];

/** Recorded numbers, which the page's script brings along. */
const recorded = ["optimizers", "optimizers-more", "optimizers-2026", "clip", "seed-walkthrough"];
const goldenFiles: Plugin = {
  name: "golden files in the script",
  enforce: "pre",
  load: (id) => {
    if (!id.endsWith("/test/optim/golden-files.ts")) return null;
    const texts = recorded.map((name) => {
      const text = readFileSync(resolve(import.meta.dirname, `../golden/${name}.json`), "utf8");
      return `${JSON.stringify(`${name}.json`)}: ${text}`;
    });
    return `const files = {${texts.join(",")}}; export const read = (name) => files[name];`;
  },
};

/** The page's script in one file. */
async function bundled(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: "error",
    plugins: [goldenFiles],
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      minify: false,
      lib: { entry: resolve(import.meta.dirname, "page.ts"), formats: ["iife"], name: "page" },
    },
  });
  const [output] = made as Rollup.RollupOutput[];
  return output!.output[0].code;
}

export async function openPage(): Promise<{ readonly page: Page; readonly browser: Browser }> {
  const noSandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const [content, browser] = await Promise.all([
    bundled(),
    chromium.launch({ executablePath: executablePath!, args: [...args, ...noSandbox] }),
  ]);
  const page = await browser.newPage();
  // WebGPU needs a trustworthy origin, which http://localhost is; nothing listens there
  await page.route("http://localhost/**", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>WebGPU</title>" }),
  );
  await page.goto("http://localhost/");
  await page.addScriptTag({ content });
  return { page, browser };
}
