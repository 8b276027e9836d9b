/** What docs/agents.md and the skill show is run as it stands; what they say of tools and inputs is what there is. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { codeBlocks } from "../../scripts/docs/from-sources.ts";
import { commands } from "../../src/cli/commands.ts";
import { tools } from "../../src/cli/mcp/tools.ts";
import { folder, steepest } from "./steepest.ts";

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

const pages = ["docs/agents.md", "skills/steepest/SKILL.md"] as const;
const python = spawnSync("python3", ["--version"]).status === 0;

/** As people write it: argparse, and a line now and then. */
const TRAINER = `
import argparse
p = argparse.ArgumentParser()
p.add_argument("--lr", type=float)
p.add_argument("--seed", type=int, default=0)
args = p.parse_args()
x = 1.0
for step in range(120):
    loss = x * x + 0.001 * args.lr ** 2 * (1 + (7 * step + args.seed) % 5)
    print(f"step {step} loss {loss:.6f}", flush=True)
    x -= args.lr * x
`;

function workplace(): string {
  const cwd = folder();
  writeFileSync(join(cwd, "train.py"), TRAINER);
  mkdirSync(join(cwd, "runs"));
  for (const lr of [1e-3, 1e-2]) {
    const lines = Array.from({ length: 200 }, (_, k) =>
      JSON.stringify({ step: k, loss: 1 + Math.exp(-k * lr * 5), lr }),
    );
    writeFileSync(join(cwd, "runs", `lr-${lr}.jsonl`), `${lines.join("\n")}\n`);
  }
  return cwd;
}

const lines = pages.flatMap((page) =>
  codeBlocks(read(page), "sh").flatMap((block) =>
    block
      .trim()
      .split("\n")
      .map((line): [page: string, line: string] => [page, line]),
  ),
);

test("both pages show commands", () => {
  for (const page of pages) expect(lines.filter(([p]) => p === page).length).toBeGreaterThan(2);
});

test.skipIf(!python).each(lines)("%s: %s", async (_, line) => {
  const [name, ...args] = line.split(" ");
  expect(name).toBe("steepest");
  const { code, stdout, stderr } = await steepest(args, { cwd: workplace() });
  expect(stderr).not.toContain("error[");
  expect(code).toBe(0);
  if (args.some((arg) => arg.startsWith("--json"))) expect(() => void JSON.parse(stdout)).not.toThrow();
});

test("every command that the skill's table names is one, with the flags that stand there", () => {
  const named = [...read("skills/steepest/SKILL.md").matchAll(/\| `steepest ([\w-]+)/g)].map((m) => m[1]);
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(commands.map((c) => c.name)).toContain(name);
});

test("the page's table of tools is the server's, with what only reads", () => {
  const rows = [...read("docs/agents.md").matchAll(/^\| `(\w+)` \| (yes|no) \|/gm)].map((m) => [
    m[1],
    m[2] === "yes",
  ]);
  expect(rows.sort()).toEqual(tools.map((t) => [t.name, t.reads]).sort());
});

test("the page names the action's inputs, and its example is one", () => {
  const page = read("docs/agents.md");
  const { inputs } = parse(read("action.yml")) as { inputs: Readonly<Record<string, unknown>> };
  for (const name of Object.keys(inputs)) expect(page).toContain(`\`${name}\``);
  const [example] = codeBlocks(page, "yaml").map(
    (text) => parse(text) as { jobs: { train: { steps: { with?: Readonly<Record<string, unknown>> }[] } } },
  );
  expect(Object.keys(inputs)).toEqual(
    expect.arrayContaining(Object.keys(example!.jobs.train.steps.at(-1)!.with!)),
  );
});

test("the skill's head is what agents look for", () => {
  const [, head] = /^---\n(.*?)\n---\n/s.exec(read("skills/steepest/SKILL.md"))!;
  const { name, description } = parse(head!) as { name: string; description: string };
  expect(name).toBe("steepest");
  expect(description.length).toBeGreaterThan(100);
  expect(description.length).toBeLessThan(1024);
});
