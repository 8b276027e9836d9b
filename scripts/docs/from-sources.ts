/** Runs examples and the code blocks of docs/ with `steepest` meaning this checkout's sources. */
import { createJiti, type Jiti } from "jiti";

const parts = [
  "",
  "/engine",
  "/nn",
  "/optim",
  "/data",
  "/random",
  "/run",
  "/train",
  "/logs",
  "/diagnose",
  "/tune",
  "/optim/schedules",
];
const source = (part: string): string => new URL(`../../src${part}/index.ts`, import.meta.url).pathname;

const jiti: Jiti = createJiti(import.meta.url, {
  alias: Object.fromEntries(parts.map((part) => [`steepest${part}`, decodeURI(source(part))])),
});

export const runFile = <T>(path: string): Promise<T> => jiti.import<T>(path);

/** Runs a module that exists only as text. */
export const runSource = async <T>(text: string): Promise<T> =>
  (await jiti.evalModule(text, {
    filename: new URL("block.ts", import.meta.url).pathname,
    async: true,
  })) as T;

/** The fenced blocks of a page in one language, in their order. */
export const codeBlocks = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map((m) => m[1]!);
