/** The WebGPU backend in a real page: numbers against the interpreter, on the software adapter. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noBrowser, openPage } from "./browser.ts";
import type { Check } from "./page.ts";

describe.skipIf(noBrowser !== null)("WebGPU in a page", () => {
  let [page, browser]: [Page | undefined, Browser | undefined] = [undefined, undefined];
  beforeAll(async () => {
    ({ page, browser } = await openPage());
  });
  afterAll(() => browser?.close());

  const check = (name: Check): Promise<string[]> =>
    page!.evaluate(
      (key) => (globalThis as unknown as { checks: Record<string, () => Promise<string[]>> }).checks[key]!(),
      name,
    );

  test("there is an adapter", async () => {
    expect(await check("adapter")).toEqual([expect.stringMatching(/swiftshader/i)]);
  });

  test("primitives are the interpreter's to 2e-6, over sizes and special values", async () => {
    expect(await check("primitives")).toEqual([]);
  });
});
