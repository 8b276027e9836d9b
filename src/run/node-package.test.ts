import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { optionalPackage, packageFolder } from "./node-package.ts";

test("a package that is not installed: who needs it, and the remedy", async () => {
  const name = "@steepest/never-made";
  const load = (): Promise<unknown> => import(/* @vite-ignore */ name);
  await expect(optionalPackage(name, "a portrait", load)).rejects.toMatchObject({
    id: "package-missing",
    message: `a portrait needs the package ${name}, which is not installed`,
    help: `run npm install ${name}`,
  });
  // what an installed package misses for itself is its own trouble
  await expect(optionalPackage("another", "a portrait", load)).rejects.toMatchObject({
    code: "ERR_MODULE_NOT_FOUND",
  });
  expect(packageFolder(name, import.meta.url)).toBeNull();
});

test("an installed package: its folder", () => {
  expect(pathToFileURL(packageFolder("papaparse", import.meta.url)!).pathname).toMatch(/\/papaparse$/);
});
