/** Layouts with a header, and progress bars. */
import type { Field } from "./counters.ts";
import type { Layout } from "./lines.ts";

const WIDTH = 12;
const wide = (f: Field): number => Math.max(WIDTH, [...f.name].length + 2);
const cells = (r: readonly Field[], text: (f: Field) => string): string[] =>
  r.map((f) => text(f).trim().padStart(wide(f)));
const named = (f: Field): string => f.name || "done";
const row = (r: readonly Field[], text: (f: Field) => string, by = ""): string => cells(r, text).join(by);
const rule = (r: readonly Field[], left: string, mid: string, right: string, line: string): string =>
  left + r.map((f) => line.repeat(wide(f) + 2)).join(mid) + right;
const text = (f: Field): string => f.text;

/** n and N of the record's last bounded counter. */
function extent(r: readonly Field[]): readonly [number, number] {
  const [, n, total] = /(\d+)\/(\d+)/.exec(r.findLast((f) => f.key === "counter")?.text ?? "") ?? [
    "",
    "0",
    "1",
  ];
  return [Number(n), Number(total)];
}
const metrics = (r: readonly Field[]): readonly Field[] => r.filter((f) => f.key !== "counter");
const outer = (r: readonly Field[]): string =>
  r
    .filter((f) => f.key === "counter")
    .slice(0, -1)
    .map((f) => `${f.name} ${f.text}: `)
    .join("");

export const TABLES: readonly Layout[] = [
  { id: "aligned", half: 0, kind: "table", head: (r) => [row(r, named)], write: (r) => [row(r, text)] },
  {
    id: "ruled",
    half: 0,
    kind: "table",
    head: (r) => [
      row(r, named, " "),
      cells(r, named)
        .map((c) => "-".repeat(c.length))
        .join(" "),
    ],
    write: (r) => [row(r, text, " ")],
  },
  {
    id: "markdown",
    half: 0,
    kind: "table",
    head: (r) => [`| ${r.map(named).join(" | ")} |`, `| ${r.map(() => "---").join(" | ")} |`],
    write: (r) => [`| ${r.map((f) => f.text.trim()).join(" | ")} |`],
  },
  {
    id: "hash-header",
    half: 0,
    kind: "table",
    head: (r) => [`# ${r.map((f) => named(f).replaceAll(" ", "_")).join(" ")}`],
    write: (r) => [r.map((f) => f.text.trim()).join(" ")],
  },
  {
    id: "bar",
    half: 0,
    kind: "bar",
    write: (r) => {
      const [n, total] = extent(r);
      const full = Math.min(10, Math.round((10 * n) / total));
      const share = `${Math.round((100 * n) / total)}%`.padStart(4);
      return [
        `${outer(r)}${share}|${"█".repeat(full)}${" ".repeat(10 - full)}| ${n}/${total} [00:${10 + (n % 50)}<00:30, 3.14it/s, ${metrics(
          r,
        )
          .map((f) => `${f.name}=${f.text.trim()}`)
          .join(", ")}]`,
      ];
    },
  },
  {
    id: "tabs",
    half: 1,
    kind: "table",
    head: (r) => [r.map(named).join("\t")],
    write: (r) => [r.map((f) => f.text.trim()).join("\t")],
  },
  {
    id: "grid",
    half: 1,
    kind: "table",
    head: (r) => [rule(r, "+", "+", "+", "-"), `| ${row(r, named, " | ")} |`, rule(r, "+", "+", "+", "=")],
    write: (r) => [`| ${row(r, text, " | ")} |`, rule(r, "+", "+", "+", "-")],
  },
  {
    id: "box",
    half: 1,
    kind: "table",
    head: (r) => [rule(r, "┌", "┬", "┐", "─"), `│ ${row(r, named, " │ ")} │`, rule(r, "├", "┼", "┤", "─")],
    write: (r) => [`│ ${row(r, text, " │ ")} │`],
    foot: (r) => [rule(r, "└", "┴", "┘", "─")],
  },
  {
    id: "header-again",
    half: 1,
    kind: "table",
    write: (r, i) => (i % 10 === 0 ? ["", row(r, named), row(r, text)] : [row(r, text)]),
  },
  {
    id: "solver-columns",
    half: 1,
    kind: "table",
    head: (r) => ["", row(r, (f) => named(f).toUpperCase().replaceAll(" ", "-"))],
    write: (r) => [row(r, text)],
  },
  {
    id: "bar-arrow",
    half: 1,
    kind: "bar",
    write: (r) => {
      const [n, total] = extent(r);
      const full = Math.min(29, Math.floor((30 * n) / total));
      return [
        `${outer(r)}${n}/${total} [${"=".repeat(full)}>${".".repeat(29 - full)}] - ETA: ${total - n}s - ${metrics(
          r,
        )
          .map((f) => `${f.name}: ${f.text.trim()}`)
          .join(" - ")}`,
      ];
    },
  },
  {
    id: "bar-hash",
    half: 1,
    kind: "bar",
    write: (r) => {
      const [n, total] = extent(r);
      const full = Math.min(20, Math.floor((20 * n) / total));
      return [
        `${outer(r)}(${"#".repeat(full)}${"-".repeat(20 - full)}) ${((100 * n) / total).toFixed(1)}% ${metrics(
          r,
        )
          .map((f) => `${f.name} ${f.text.trim()}`)
          .join("  ")} ${n}/${total}`,
      ];
    },
  },
];
