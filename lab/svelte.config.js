import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import { formulas } from "./build/formulas.js";

/** @type {import("@sveltejs/vite-plugin-svelte").SvelteConfig} */
export default {
  compilerOptions: { runes: true },
  preprocess: [formulas(), vitePreprocess({ script: false })],
};
