import { expect, test } from "vitest";
import { callSite } from "./call-site.ts";

const stack = (...frames: readonly string[]): string => ["Error", ...frames].join("\n");

test.each([
  [
    "installed",
    "file:///app/node_modules/steepest/dist/call-site-A1.js",
    "file:///app/node_modules/steepest/dist/nn/index.js",
    "file:///app/src/model.js:7:3",
  ],
  [
    "installed under a folder called dist",
    "file:///srv/dist/node_modules/steepest/dist/a.js",
    "file:///srv/dist/node_modules/steepest/dist/b.js",
    "file:///srv/dist/model.js:7:3",
  ],
  [
    "on Windows",
    "file:///C:/app/node_modules/steepest/dist/a.js",
    "file:///C:/app/node_modules/steepest/dist/b.js",
    "file:///C:/app/model.js:7:3",
  ],
  [
    "in a page that is not bundled",
    "http://localhost/node_modules/steepest/dist/a.js",
    "http://localhost/node_modules/steepest/dist/b.js",
    "http://localhost/model.js:7:3",
  ],
])("%s: the first line outside the package", (_, own, other, user) => {
  const chrome = stack(
    `    at callSite (${own}:3:9)`,
    `    at forward (${other}:8:1)`,
    `    at Array.map (<anonymous>)`,
    `    at async ${user}`,
    "    at node:internal/main:1:1",
  );
  const place = `at ${user.replace(/^file:\/\//, "")}`;
  expect(callSite(chrome)).toBe(place);
  const firefox = [`callSite@${own}:3:9`, `forward@${other}:8:1`, `@${user}`].join("\n");
  expect(callSite(firefox)).toBe(place);
});

test("bundled into one file with the program, no line is named rather than a wrong one", () => {
  expect(
    callSite(stack("    at a (http://host/main.js:1:99)", "    at b (http://host/main.js:1:7)")),
  ).toBeUndefined();
});

test("from the sources, a test is a user", () => {
  expect(callSite()).toMatch(/call-site\.test\.ts:\d+:\d+$/);
});
