#!/usr/bin/env node
// The built program where there is one; in a checkout without a build, the sources.
import { existsSync } from "node:fs";

const built = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(built)) {
  const { main } = await import(built.href);
  await main();
} else {
  const { createJiti } = await import("jiti");
  const { main } = await createJiti(import.meta.url).import("../src/cli/main.ts");
  await main();
}
