/** A page with WebGPU, on the software adapter that Chromium brings. */
import { resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, type Rollup } from "vite";
import { executablePath, noBrowser } from "../lab/harness.ts";

export { noBrowser };

const args = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
];

/** The page's script in one file. */
async function bundled(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: "error",
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
