/** examples/in-the-page in a real Chromium, with a model trained on the command line. */
import { copyFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { build } from "vite";
import { expect, test } from "vitest";
import { loadRun } from "../../src/predict/node-load-run.ts";
import { examples, folder, steepest } from "../cli/steepest.ts";
import { executablePath } from "../lab/harness.ts";

const types: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript" };

test.skipIf(executablePath === undefined)(
  "a page predicts with a model trained on the command line",
  async () => {
    const cwd = folder();
    const trained = await steepest(
      ["train", join(examples, "houses.yaml"), "--epochs", "5", "--quiet", "--no-plots"],
      { cwd },
    );
    expect(trained.code, trained.stderr).toBe(0);
    const site = join(cwd, "site");
    const src = resolve(import.meta.dirname, "../../src");
    await build({
      root: join(examples, "in-the-page"),
      base: "./",
      configFile: false,
      logLevel: "error",
      resolve: { alias: [{ find: /^steepest\/(.*)$/, replacement: `${src}/$1/index.ts` }] },
      build: { outDir: site, emptyOutDir: true, target: "es2023" },
    });
    copyFileSync(join(cwd, "runs/houses-1/checkpoint-best.safetensors"), join(site, "model.safetensors"));

    const server = createServer((request, response) => {
      const path = request.url === "/" ? "/index.html" : request.url!;
      try {
        const body = readFileSync(join(site, path));
        response.setHeader("content-type", types[path.split(".").at(-1)!] ?? "application/octet-stream");
        response.end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const browser = await chromium.launch({
      executablePath: executablePath!,
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    });
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.getByText("Fill in every field.").waitFor();
      const model = await loadRun(join(cwd, "runs/houses-1"));
      const { input } = model.spec;
      const row: Record<string, string> = {};
      for (const { name, words } of input.kind === "table" ? input.encoding.features : []) {
        row[name] = words === null ? "42" : words.at(-1)!;
        const field = page.locator(`[name="${name}"]`);
        await (words === null ? field.fill(row[name]) : field.selectOption(row[name]));
      }
      const [said] = model.predict([row]);
      await expect
        .poll(() => page.locator("output").textContent())
        .toBe((said!.prediction as number).toPrecision(5));
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
      server.close();
    }
  },
);
