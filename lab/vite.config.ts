import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type UserConfig } from "vite";
import { collectLicenses, writeLicenses } from "./build/licenses.ts";
import { offline, onlyRooms, onlyWoff2, policy } from "./build/plugins.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const rooms = process.env["LAB_ROOMS"]?.split(",") ?? null;
const alias = [
  // what package.json's `browser` says of the built package
  { find: /^\.\/backends\/node-backends\.ts$/, replacement: path("./build/no-node-backends.ts") },
  { find: /^steepest$/, replacement: path("../src/index.ts") },
  { find: /^steepest\/(.*)$/, replacement: `${path("../src")}/$1/index.ts` },
];

const config: UserConfig = defineConfig({
  root: path("."),
  base: "./",
  resolve: { alias },
  define: { __LAB_ROOMS__: JSON.stringify(rooms) },
  plugins: [
    onlyRooms(rooms),
    onlyWoff2(),
    svelte({ configFile: path("svelte.config.js") }),
    policy(),
    collectLicenses(),
    writeLicenses(),
    offline(),
  ],
  worker: { format: "es", plugins: () => [onlyRooms(rooms), collectLicenses()] },
  build: {
    outDir: process.env["LAB_DIST"] ?? path("../packages/lab/page"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
});
export default config;
