/** The few pieces of Markdown that the generated pages are made of. */

/** `text` as code; a bar would end a table's cell. */
export const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;

const cell = (text: string): string => text.replace(/(?<!\\)\|/g, "\\|").replaceAll("\n", " ");

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A link to the section with this heading, as GitHub names its anchors. */
export const sectionLink = (heading: string): string =>
  `[${heading}](#${heading.toLowerCase().replaceAll(" ", "-")})`;

/** Blocks apart by an empty line; empty ones are left out. */
export const page = (...blocks: readonly string[]): string =>
  `${blocks.filter((b) => b !== "").join("\n\n")}\n`;

export const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** What a default or a bound looks like in a run file. */
export function value(v: unknown): string {
  if (v === null) return "none";
  return code(typeof v === "function" ? "function" : JSON.stringify(v).replaceAll(",", ", "));
}

export const generatedNote = (from: string): string =>
  `<!-- Written by \`npx jiti scripts/write-docs.ts\` from ${from}; edit the table there, not this page. -->`;

/** A page with what stands between `<!-- mark -->` and `<!-- end of mark -->` written anew. */
export function withBlock(text: string, mark: string, block: string): string {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- end of ${mark} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no marks for ${mark}`);
  return `${text.slice(0, from + begin.length)}\n${block}\n${text.slice(to)}`;
}
