import { readFileSync } from "node:fs";
import { defineConfig, type UserConfig } from "tsdown";
import ts from "typescript";
import { minifySync } from "vite";
import { licensesOf } from "./scripts/licenses.ts";

const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  exports: Record<string, string | { default: string }>;
};

/** The folders that package.json exports: "./dist/nn/index.js" is built of src/nn/index.ts. */
const folders = Object.values(exports).flatMap((to) => {
  const [, folder] = /^\.\/dist\/(.+)\/index\.js$/.exec(typeof to === "string" ? to : to.default) ?? [];
  return folder ?? [];
});

/**
 * Constants made by calls where their module begins, such as the rows of a family, become the results of functions marked
 * as free of effects, which they are: bundlers leave out those that nobody uses, wherever they stand in a shared file.
 */
const pureConstants = (): NonNullable<UserConfig["plugins"]> => ({
  name: "pure-constants",
  transform: {
    filter: { id: /[\\/]src[\\/].*\.ts$/ },
    handler: (code) => {
      const file = ts.createSourceFile("", code, ts.ScriptTarget.Latest, false);
      const made = file.statements
        .filter(ts.isVariableStatement)
        .flatMap(({ declarationList }) => declarationList.declarations)
        .flatMap(({ initializer }) => (initializer !== undefined && acts(initializer) ? [initializer] : []));
      if (made.length === 0) return null;
      // a function that is called where it stands would be dissolved, and its mark with it
      const marked = made.reduceRight((text, { pos, end }) => {
        const [before, value, after] = [text.slice(0, pos), text.slice(pos, end), text.slice(end)];
        return `${before} /* @__PURE__ */ made(() => (${value}))${after}`;
      }, code);
      return `${marked}\nfunction made<T>(make: () => T): T { return make(); }\n`;
    },
  },
});

/** Whether something happens when the value is made. */
function acts(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  const here =
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isSpreadElement(node) ||
    ts.isSpreadAssignment(node);
  return here || ts.forEachChild(node, (child) => acts(child) || undefined) === true;
}

/** Code of packages that are built in, so that nobody has to install their whole. */
const OTHERS = /[\\/]node_modules[\\/]/;

/** The package that a module belongs to, as a file's name. */
const packageName = (id: string): string | undefined =>
  /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/
    .exec(id)?.[1]
    ?.replace(/@|[\\/]/g, "-")
    .replace(/^-/, "");

/** Our code stays readable; that of built-in packages is made small. */
const minifyOthers = (): NonNullable<UserConfig["plugins"]> => ({
  name: "minify-others",
  renderChunk: (code, chunk) =>
    chunk.moduleIds.length > 0 && chunk.moduleIds.every((id) => OTHERS.test(id))
      ? minifySync(chunk.fileName, code, { module: true }).code
      : null,
});

/** `dist/licenses.md` for the built-in packages. */
const licenses = (): NonNullable<UserConfig["plugins"]> => ({
  name: "licenses",
  generateBundle(_, bundle) {
    const ids = Object.values(bundle).flatMap((part) =>
      part.type === "chunk" && part.fileName.endsWith(".js") ? part.moduleIds : [],
    );
    const source = licensesOf(ids, "# Licences\n\nsteepest has code of these packages built in.");
    if (source !== null) this.emitFile({ type: "asset", fileName: "licenses.md", source });
  },
});

const config: UserConfig = defineConfig({
  entry: {
    index: "src/index.ts",
    ...Object.fromEntries(folders.map((f) => [`${f}/index`, `src/${f}/index.ts`])),
    "engine/node-backends": "src/engine/backends/node-backends.ts",
    "logs/node": "src/logs/node-files.ts",
    "plot/node": "src/plot/node.ts",
    "predict/node": "src/predict/node-load-run.ts",
    "handoff/node": "src/handoff/node.ts",
    "cli/main": "src/cli/main.ts",
    "cli/compare-worker": "src/cli/compare-worker.ts",
  },
  inputOptions: { resolve: { mainFields: ["module", "main"], conditionNames: ["import", "default"] } },
  outputOptions: {
    codeSplitting: {
      groups: [{ test: OTHERS, name: (id) => packageName(id) ?? null }],
    },
  },
  format: "esm",
  platform: "neutral",
  target: "es2023",
  dts: true,
  fixedExtension: false,
  deps: { neverBundle: [/^node:/] },
  plugins: [pureConstants(), minifyOthers(), licenses()],
});
export default config;
