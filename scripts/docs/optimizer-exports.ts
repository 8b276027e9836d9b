/** The exports of src/optim/index.ts that come from the optimizers' files: each row, and the type of its options. */
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../src/optim/", import.meta.url);
const LINE = 110;

/** The linter's order: by letters, of one letter the upper case first. */
const sorted = (names: readonly string[], key: (name: string) => string): string[] => {
  const rank = (name: string): string =>
    key(name).replace(/[a-z]/gi, (c) => c.toLowerCase() + Number(c === c.toLowerCase()));
  return [...names].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
};

/** `type AdamOptions` and `adam`. */
function exportedBy(file: string): string[] {
  const text = readFileSync(new URL(`optimizers/${file}`, folder), "utf8");
  const rows = [...text.matchAll(/^export const (\w+)(?:: Optimizer<\w+>)? =\s+defineOptimizer\b/gm)].map(
    (m) => m[1]!,
  );
  const options = [...text.matchAll(/^export (?:interface|type) (\w+Options)\b/gm)].map(
    (m) => `type ${m[1]!}`,
  );
  return sorted([...rows, ...options], (name) => name.replace("type ", ""));
}

function statement(file: string): string {
  const names = exportedBy(file);
  const line = `export { ${names.join(", ")} } from "./optimizers/${file}";`;
  if (line.length <= LINE) return line;
  return `export {\n${names.map((n) => `  ${n},\n`).join("")}} from "./optimizers/${file}";`;
}

/** src/optim/index.ts with those exports as the files have them; the rest of it as it stands. */
export function withOptimizerExports(): string {
  const text = readFileSync(new URL("index.ts", folder), "utf8");
  const statements = /(?:^export \{[^}]*\} from "\.\/optimizers\/[^"]+";\n)+/m;
  const files = readdirSync(new URL("optimizers/", folder)).filter((f) => /(?<!\.test)\.ts$/.test(f));
  return text.replace(
    statements,
    `${sorted(files, (file) => file.replace(".ts", ""))
      .map(statement)
      .join("\n")}\n`,
  );
}
