// Typesets tex`…` and display`…` in .svelte files while the page is built, so that no typesetting code reaches the
// reader. KaTeX's HTML is shown, since MathML is uneven where no maths font is installed; the MathML stays for those who
// listen. KaTeX positions with style attributes, which the content policy refuses: each becomes a class, and its rule
// goes into the component's styles.
import { createHash } from "node:crypto";
import katex from "katex";

const CALL = /\b(tex|display)`([^`]*)`/g;

/** @returns {import("svelte/compiler").PreprocessorGroup} */
export function formulas() {
  return {
    name: "formulas",
    markup({ content, filename }) {
      /** @type {Map<string, string>} */
      const rules = new Map();
      const code = content.replace(CALL, (_, kind, formula) => {
        if (formula.includes("${"))
          throw new Error(`${filename}: a formula is typeset by the build and has no values: ${formula}`);
        const html = katex
          .renderToString(formula, {
            displayMode: kind === "display",
            output: "htmlAndMathml",
            strict: "error",
          })
          .replace(/<annotation[\s\S]*?<\/annotation>/g, "")
          .replace(/(<[^>]*?) style="([^"]*)"/g, (__, head, style) => {
            const name = `k${createHash("sha256").update(style).digest("hex").slice(0, 8)}`;
            rules.set(name, style);
            return head.includes(' class="')
              ? head.replace(' class="', ` class="${name} `)
              : `${head} class="${name}"`;
          });
        if (html.includes(" style=")) throw new Error(`${filename}: a style attribute is left in ${formula}`);
        return JSON.stringify(html);
      });
      if (rules.size === 0) return { code };
      const css = [...rules].map(([name, style]) => `:global(.${name}) { ${style} }`).join("\n");
      return {
        code: code.includes("</style>")
          ? code.replace("</style>", `${css}\n</style>`)
          : `${code}\n<style>\n${css}\n</style>\n`,
      };
    },
  };
}
