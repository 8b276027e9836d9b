/** The GitHub Action's last step, run by bash as GitHub would, against a stub of its API on this machine. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { folder } from "./steepest.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Action {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly runs: {
    readonly steps: readonly {
      readonly run: string;
      readonly shell: string;
      readonly env?: Readonly<Record<string, string>>;
    }[];
  };
}
const action = parse(readFileSync(join(root, "action.yml"), "utf8")) as Action;
const last = action.runs.steps.at(-1)!;

test("no step puts an expression into the shell's text, and every input reaches the script", () => {
  for (const { run } of action.runs.steps) expect(run).not.toContain("${{");
  const used = Object.values(last.env!).map((value) => /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1]);
  expect(used.sort()).toEqual(Object.keys(action.inputs).sort());
});

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

interface Comment {
  readonly id: number;
  readonly body: string;
  readonly user: { readonly type: string };
}

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

/** Answers as GitHub's API would for these comments; every writing request with `status`. */
async function github(
  comments: readonly Comment[] = [],
  status = 200,
): Promise<{ api: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const url = request.url!;
      const { method = "" } = request;
      const body = text === "" ? "" : (JSON.parse(text) as { body: string }).body;
      seen.push({ method, url, authorization: request.headers.authorization, body });
      const page = Number(new URL(url, "http://x").searchParams.get("page"));
      response.statusCode = method === "GET" ? 200 : status;
      response.end(JSON.stringify(method === "GET" ? comments.slice(100 * (page - 1), 100 * page) : {}));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += String(piece);
  return text;
}

interface Job {
  readonly cwd: string;
  readonly api?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly event?: unknown;
}

const pullRequest = (from = "me/work"): unknown => ({
  pull_request: { number: 7, head: { repo: { full_name: from } } },
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly summary: string;
}

async function runStep({ cwd, api = "", inputs = {}, event = pullRequest() }: Job): Promise<Ended> {
  const [summary, eventFile] = [join(cwd, ".summary.md"), join(cwd, ".event.json")];
  writeFileSync(summary, "");
  writeFileSync(eventFile, JSON.stringify(event));
  const given: Readonly<Record<string, string>> = { token: "secret", paths: "train.jsonl", ...inputs };
  const env = Object.fromEntries(
    Object.entries(last.env!).map(([name, value]) => {
      const input = /inputs\.([\w-]+)/.exec(value)![1]!;
      return [name, given[input] ?? action.inputs[input]!.default ?? ""];
    }),
  );
  const child = spawn(last.shell, ["--noprofile", "--norc", "-eo", "pipefail", "-c", last.run], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      ...env,
      GITHUB_ACTION_PATH: root,
      GITHUB_REPOSITORY: "me/work",
      GITHUB_API_URL: api,
      GITHUB_EVENT_PATH: eventFile,
      GITHUB_STEP_SUMMARY: summary,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, output, summary: readFileSync(summary, "utf8") };
}

function writeLog(
  path: string,
  { broken = false, name = "loss" }: { broken?: boolean; name?: string } = {},
): void {
  const lines = Array.from({ length: 300 }, (_, k) =>
    JSON.stringify({ step: k, [name]: broken && k > 200 ? "NaN" : 2 * Math.exp(-k / 50) + 0.1 }),
  );
  writeFileSync(path, `${lines.join("\n")}\n`);
}

const MARK = "<!-- steepest: diagnosis -->";

describe("a comment", () => {
  test("is written on the pull request, the same text in the summary, and marks on the files", async () => {
    const cwd = folder();
    writeLog(join(cwd, "train.jsonl"), { broken: true });
    const { api, seen } = await github();
    const { code, output, summary } = await runStep({ cwd, api });
    expect(code).toBe(0);
    expect(seen.map((s) => [s.method, s.url, s.authorization])).toEqual([
      ["GET", "/repos/me/work/issues/7/comments?per_page=100&page=1", "Bearer secret"],
      ["POST", "/repos/me/work/issues/7/comments", "Bearer secret"],
    ]);
    expect(seen[1]!.body).toMatch(/^<!-- steepest: diagnosis -->\n\n## ✗ train\.jsonl: non-finite\n/);
    expect(summary).toBe(`${seen[1]!.body}\n`);
    expect(output).toContain("::error file=train.jsonl,title=non-finite");
    expect(output).not.toContain("secret");
  });

  test("is replaced the next time, on whichever page it stands; texts of others that begin like it stay", async () => {
    const cwd = folder();
    writeLog(join(cwd, "train.jsonl"));
    const others = Array.from({ length: 120 }, (_, id) => ({
      id,
      body: `${MARK} mine`,
      user: { type: "User" },
    }));
    const { api, seen } = await github([
      ...others,
      { id: 500, body: `${MARK}\n\nold`, user: { type: "Bot" } },
    ]);
    expect((await runStep({ cwd, api })).code).toBe(0);
    expect(seen.map((s) => [s.method, s.url])).toEqual([
      ["GET", "/repos/me/work/issues/7/comments?per_page=100&page=1"],
      ["GET", "/repos/me/work/issues/7/comments?per_page=100&page=2"],
      ["PATCH", "/repos/me/work/issues/comments/500"],
    ]);
  });

  test("of more runs than it can hold counts the others", async () => {
    const cwd = folder();
    mkdirSync(join(cwd, "runs"));
    for (let k = 0; k < 200; k++)
      writeLog(join(cwd, "runs", `${"x".repeat(150)}-${k}.jsonl`), { broken: true });
    const { api, seen } = await github();
    expect((await runStep({ cwd, api, inputs: { paths: "runs" } })).code).toBe(0);
    expect(seen[1]!.body.length).toBeLessThan(65_536);
    expect(seen[1]!.body).toMatch(/\d+ more runs are not shown\.$/);
  });

  test("is left out where it is not wanted, and where there is no pull request", async () => {
    const cwd = folder();
    writeLog(join(cwd, "train.jsonl"));
    const { api, seen } = await github();
    const quiet = await runStep({ cwd, api, inputs: { comment: "false" } });
    const pushed = await runStep({ cwd, api, event: { ref: "refs/heads/main" } });
    expect([quiet.code, pushed.code, seen.length]).toEqual([0, 0, 0]);
    expect(pushed.summary).toContain("train.jsonl");
    expect(pushed.output).toContain("no pull request");
  });

  test("that is refused fails the job with the remedy; from a fork it is a warning", async () => {
    const cwd = folder();
    writeLog(join(cwd, "train.jsonl"));
    const { api } = await github([], 403);
    const refused = await runStep({ cwd, api });
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("GitHub answered 403");
    expect(refused.output).toContain("pull-requests: write");
    const fork = await runStep({ cwd, api, event: pullRequest("other/work") });
    expect(fork.code).toBe(0);
    expect(fork.output).toContain("::warning::pull requests from forks");
    expect(fork.summary).toContain("train.jsonl");
  });
});

test("strict fails for a critical finding only", async () => {
  const cwd = folder();
  const { api } = await github();
  writeLog(join(cwd, "train.jsonl"));
  expect((await runStep({ cwd, api, inputs: { strict: "true" } })).code).toBe(0);
  writeLog(join(cwd, "train.jsonl"), { broken: true });
  const { code, output } = await runStep({ cwd, api, inputs: { strict: "true" } });
  expect(code).toBe(1);
  expect(output).toContain("::error::critical: train.jsonl");
});

test.each([
  [{ paths: " \n" }, "paths is empty"],
  [{ paths: "-" }, "paths holds -"],
  [{ paths: "nowhere.log" }, "no such file"],
  [{ strict: "yes" }, 'strict is "yes"'],
  [{ comment: "" }, 'comment is ""'],
  [{ key: "-->x" }, "key is"],
  [{ loss: "nothing" }, "nothing"],
])("the input %j gets one clear message", async (inputs, words) => {
  const cwd = folder();
  writeLog(join(cwd, "train.jsonl"));
  const { api, seen } = await github();
  const { code, output } = await runStep({ cwd, api, inputs });
  expect(code).toBe(2);
  expect(output).toContain("::error::error[");
  expect(output).toContain(words);
  expect(seen).toEqual([]);
});

test("nothing in names or logs is run, rendered or linked", async () => {
  const cwd = folder();
  const evil =
    "$(touch pwned)`touch pwned`;touch pwned|@everyone #1 https:⁄⁄x <img src=x> [a](b) ![c](d) &#64;a ::error::x";
  writeLog(join(cwd, `${evil}.jsonl`), {
    broken: true,
    name: "loss\n::error::injected\n@team https://evil.example/ <b>",
  });
  symlinkSync(join(cwd, `${evil}.jsonl`), join(cwd, "--help"));
  const { api, seen } = await github();
  const inputs = { paths: `${evil}.jsonl\n--help`, key: "k" };
  const { code, output } = await runStep({ cwd, api, inputs });
  expect(code).toBe(0);
  expect(existsSync(join(cwd, "pwned"))).toBe(false);
  expect(output.split("\n").filter((line) => line.startsWith("::error::"))).toEqual([]);
  const { body } = seen[1]!;
  const text = body.slice(body.indexOf("-->") + 3);
  expect(text).toContain("everyone");
  // each of these would do something on GitHub
  expect(text).not.toMatch(/@\w/);
  expect(text).not.toMatch(/https?:\/\//);
  expect(text).not.toMatch(/(?<!\\)(<img|<b>|\[a|&#|`touch)/);
  expect(text).not.toMatch(/#\d/);
});
