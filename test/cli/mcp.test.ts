/** `steepest mcp` through the protocol's own client over standard input and output, with both versions of the protocol. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Client, type ClientOptions } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trainingsIn } from "./processes.ts";
import { folder, steepest } from "./steepest.ts";

const launcher = fileURLToPath(new URL("launch.js", import.meta.url));
const logs = fileURLToPath(new URL("../logs/real", import.meta.url));

const open: Client[] = [];
afterAll(() => Promise.all(open.map((client) => client.close())));

interface Connecting extends ClientOptions {
  readonly args?: readonly string[];
}

async function connect(cwd: string, { args = [], ...options }: Connecting = {}): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, options);
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [launcher, "mcp", ...args], cwd }),
  );
  open.push(client);
  return client;
}

interface Called {
  readonly texts: readonly string[];
  readonly links: readonly string[];
  readonly images: readonly string[];
  readonly isError: boolean;
}

async function call(
  client: Client,
  name: string,
  args: Readonly<Record<string, unknown>>,
  options: Parameters<Client["callTool"]>[1] = {},
): Promise<Called> {
  const { content, isError } = await client.callTool({ name, arguments: { ...args } }, options);
  return {
    texts: content.flatMap((c) => (c.type === "text" ? [c.text] : [])),
    links: content.flatMap((c) => (c.type === "resource_link" ? [c.uri] : [])),
    images: content.flatMap((c) => (c.type === "image" ? [c.data] : [])),
    isError: isError === true,
  };
}

const document = ({ texts: [text] }: Called): Record<string, unknown> =>
  JSON.parse(text!) as Record<string, unknown>;

/** A log with a falling loss. */
function writeLog(path: string, lr: number, floor: number): void {
  const lines = Array.from({ length: 300 }, (_, k) =>
    JSON.stringify({ step: k, loss: floor + 2 * Math.exp(-k / 50), lr }),
  );
  writeFileSync(path, `${lines.join("\n")}\n`);
}

const MODERN = { versionNegotiation: { mode: "auto" as const } };

describe.each<[string, ClientOptions]>([
  ["2025", {}],
  ["2026", MODERN],
])("protocol of %s", (_, options) => {
  test("the tools are listed, each with its hint whether it only reads", async () => {
    const { tools } = await (await connect(folder(), options)).listTools();
    expect(tools.map((t) => [t.name, t.annotations?.readOnlyHint])).toEqual([
      ["diagnose", true],
      ["compare_logs", true],
      ["find_lr", false],
      ["schedule", true],
      ["explain_optimizer", true],
    ]);
    for (const { description, inputSchema } of tools) {
      expect(description!.length).toBeGreaterThan(80);
      expect(inputSchema.type).toBe("object");
    }
  });

  test("diagnose answers as --json=brief does, and links to the log", async () => {
    const name = readdirSync(logs).find((file) => file.startsWith("03-"))!;
    const client = await connect(logs, options);
    const answer = await call(client, "diagnose", { paths: [name] });
    const { stdout } = await steepest(["diagnose", "--json=brief", name], { cwd: logs });
    expect(document(answer)).toEqual(JSON.parse(stdout));
    expect(answer.links).toEqual([pathToFileURL(join(logs, name)).href]);
    const { contents } = await client.readResource({ uri: answer.links[0]! });
    expect(contents[0]).toMatchObject({ text: readFileSync(join(logs, name), "utf8") });
  });
});

test("--read-only leaves out what runs programs", async () => {
  const { tools } = await (await connect(folder(), { args: ["--read-only"] })).listTools();
  expect(tools.map((t) => t.name)).not.toContain("find_lr");
});

test("compare_logs lists runs by their final loss", async () => {
  const cwd = folder();
  writeLog(join(cwd, "worse.jsonl"), 1e-3, 0.5);
  writeLog(join(cwd, "better.jsonl"), 1e-2, 0.1);
  const answer = document(await call(await connect(cwd), "compare_logs", { paths: ["."] }));
  const runs = answer["runs"] as { run: string; lr: number; loss: number; lowestLoss: number }[];
  expect(runs.map((r) => [r.run, r.lr])).toEqual([
    ["better.jsonl", 1e-2],
    ["worse.jsonl", 1e-3],
  ]);
  // mean of 2 exp(-k / 50) over k = 240 … 299, and its last value
  const tail = (2 * (Math.exp(-4.8) - Math.exp(-6))) / (60 * (1 - Math.exp(-0.02)));
  expect(runs[0]!.loss).toBeCloseTo(0.1 + tail, 5);
  expect(runs[1]!.lowestLoss).toBeCloseTo(0.5 + 2 * Math.exp(-5.98), 4);
});

test("schedule and explain_optimizer", async () => {
  const client = await connect(folder());
  const half = await call(client, "schedule", {
    name: "CosineAnnealingLR",
    lr: 0.2,
    steps: 101,
    options: { T_max: 100 },
    points: 3,
    plot: true,
  });
  expect(half.isError ? half.texts : (document(half)["values"] as unknown[]).at(-1)).toMatchObject({
    step: 100,
    lr: expect.closeTo(0, 9) as number,
  });
  expect(Buffer.from(half.images[0]!, "base64").subarray(1, 4).toString()).toBe("PNG");
  const all = document(await call(client, "schedule", {}))["schedules"] as unknown[];
  expect(all.length).toBeGreaterThan(30);
  const [adamw] = document(await call(client, "explain_optimizer", { name: "adamw" }))[
    "optimizers"
  ] as Record<string, unknown>[];
  expect(adamw).toMatchObject({
    name: "adamw",
    elsewhere: { pytorch: expect.stringContaining("AdamW") as string },
  });
  const wrong = await call(client, "explain_optimizer", { name: "adamv" });
  expect(wrong).toMatchObject({ isError: true, texts: [expect.stringContaining("did you mean")] });
});

describe("paths outside", () => {
  const root = folder();
  const inside = join(root, "inside");
  mkdirSync(join(inside, "sub"), { recursive: true });
  mkdirSync(join(root, "inside-not"));
  for (const path of ["secret.jsonl", "inside-not/log.jsonl", "inside/log.jsonl"])
    writeLog(join(root, path), 0.1, 1);
  symlinkSync(join(root, "secret.jsonl"), join(inside, "link.jsonl"));
  symlinkSync(root, join(inside, "up"));
  symlinkSync(join(root, "not-yet"), join(inside, "dangling"));
  let client: Client;
  beforeAll(async () => {
    client = await connect(inside);
  });

  test.each([
    "../secret.jsonl",
    "sub/../../secret.jsonl",
    join(root, "secret.jsonl"),
    "link.jsonl",
    "up/secret.jsonl",
    "up/*.jsonl",
    "../*.jsonl",
    "../inside-not/log.jsonl",
    "/etc",
    "up",
  ])("%s is refused", async (path) => {
    const answer = await call(client, "diagnose", { paths: [path] });
    expect(answer.isError).toBe(true);
    expect(answer.texts[0]).toContain("error[outside]");
  });

  test.each([
    ["a zero byte", "log.jsonl\0"],
    ["a name too long for the system", "a".repeat(5000)],
  ])("%s is refused in words", async (_, path) => {
    const answer = await call(client, "diagnose", { paths: [path] });
    expect(answer.texts[0]).toMatch(/^error\[unreadable\]: the path can't be followed \(E/);
    expect(answer.texts[0]!.length).toBeLessThan(400);
  });

  test("a folder is read without the links in it", async () => {
    const answer = await call(client, "diagnose", { paths: [".", "**/*.jsonl"] });
    const runs = document(answer)["runs"] as { run: string }[];
    expect(new Set(runs.map((r) => r.run))).toEqual(new Set(["log.jsonl"]));
  });

  test.each([
    [{ out: "../search" }, "outside"],
    [{ out: "dangling" }, "can't be followed"],
    [{ out: "up/search" }, "outside"],
    [{ log: ["/etc/hostname"] }, "outside"],
    [{ log: ["{out}/../../../secret.jsonl"] }, "outside"],
    [{ resume: true }, "needs the folder"],
  ])("find_lr with %j is refused before the user is asked", async (args, words) => {
    const command = ["node", "x.mjs", "{lr}"];
    const answer = await call(client, "find_lr", { command, confirm: command, ...args });
    expect(answer).toMatchObject({ isError: true, texts: [expect.stringContaining(words)] });
  });

  test("links to files outside are not read", async () => {
    for (const path of [join(root, "secret.jsonl"), join(inside, "link.jsonl"), `${inside}/../secret.jsonl`])
      await expect(client.readResource({ uri: `file://${path}` })).rejects.toThrow(/outside/);
  });
});

test.each([
  [["--allow", "nowhere"], "--allow names no folder"],
  [["--json"], "--json has no meaning"],
  [["runs"], "too many arguments"],
])("%j is wrong usage", async (args, words) => {
  const { code, stderr } = await steepest(["mcp", ...args], { cwd: folder() });
  expect(code).toBe(2);
  expect(stderr).toContain(words);
});

/** Plain descent on x²/2 with a little noise: least loss near rate 0.04; too high from 2 on. */
const TRAINER = `
const [lr, seed, pause] = process.argv.slice(2).map(Number);
let x = 1;
for (let step = 0; step < 200; step++) {
  console.log("step " + step + " loss " + (x * x + 0.001 * lr * lr * (1 + ((step * 7 + seed) % 5))).toPrecision(6));
  x -= lr * x;
  if (pause > 0) await new Promise((r) => setTimeout(r, pause));
}`;
const command = (pause: number): string[] => [process.execPath, "train.mjs", "{lr}", "{seed}", String(pause)];

function trainer(): string {
  const cwd = folder();
  writeFileSync(join(cwd, "train.mjs"), TRAINER);
  return cwd;
}

interface Asked {
  readonly options: ClientOptions;
  readonly messages: string[];
}

/** A client whose user answers so. */
function asking(options: ClientOptions): Asked {
  return { options: { ...options, capabilities: { elicitation: {} } }, messages: [] };
}

function answerWith(client: Client, { messages }: Asked, run: boolean): void {
  client.setRequestHandler("elicitation/create", ({ params }) => {
    messages.push(params.message);
    return run ? { action: "accept", content: { run: true } } : { action: "decline" };
  });
}

describe.each<[string, ClientOptions]>([
  ["2025", {}],
  ["2026", MODERN],
])("find_lr by the protocol of %s", (_, options) => {
  test("asks the user, runs, tells how far it is, and answers with the rate and links", async () => {
    const cwd = trainer();
    const asked = asking(options);
    const client = await connect(cwd, asked.options);
    answerWith(client, asked, true);
    const seen: number[] = [];
    const answer = await call(
      client,
      "find_lr",
      { command: command(1), budget: 6, jobs: 2, out: "search" },
      { onprogress: ({ progress }) => seen.push(progress), timeout: 120_000 },
    );
    expect(asked.messages).toHaveLength(1);
    expect(asked.messages[0]).toContain("train.mjs {lr} {seed}");
    const found = document(answer);
    expect(found["suggestion"]).toBeGreaterThan(0.007);
    expect(found["suggestion"]).toBeLessThan(1.5);
    expect(found["use"]).toEqual([process.execPath, "train.mjs", String(found["suggestion"]), "0", "1"]);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(answer.texts[0]!.length).toBeLessThan(2000);
    const full = JSON.parse(readFileSync(fileURLToPath(answer.links[0]!), "utf8")) as { trials: unknown[] };
    expect(full.trials.length).toBeGreaterThan(3);
    const { contents } = await client.readResource({ uri: answer.links[1]! });
    expect(contents[0]).toMatchObject({ text: expect.stringContaining("<svg") as string });
  });

  test("a user who declines ends it: nothing runs", async () => {
    const cwd = trainer();
    const asked = asking(options);
    const client = await connect(cwd, asked.options);
    answerWith(client, asked, false);
    // an agent can't agree in the user's place
    const answer = await call(client, "find_lr", { command: command(0), confirm: command(0) });
    expect(answer).toMatchObject({ isError: true, texts: [expect.stringContaining("did not agree")] });
    expect(readdirSync(cwd)).toEqual(["train.mjs"]);
  });
});

test("a client that can't ask repeats the command; anything else runs nothing", async () => {
  const cwd = trainer();
  const client = await connect(cwd);
  for (const confirm of [undefined, [], command(1), [command(0).join(" ")]]) {
    const answer = await call(client, "find_lr", { command: command(0), ...(confirm && { confirm }) });
    expect(answer).toMatchObject({ isError: true, texts: [expect.stringContaining("not-confirmed")] });
  }
  expect(readdirSync(cwd)).toEqual(["train.mjs"]);
  const answer = await call(client, "find_lr", { command: command(0), confirm: command(0), budget: 4 });
  expect(document(answer)["suggestion"]).toBeGreaterThan(0);
  expect(readdirSync(cwd)).toContain("find-lr-train");
});

test("a program that fails is an answer with its last words", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "train.mjs"), `console.error("ModuleNotFoundError: no torch"); process.exit(1);`);
  const args = { command: command(0), confirm: command(0) };
  const answer = await call(await connect(cwd), "find_lr", args);
  expect(answer).toMatchObject({ isError: true, texts: [expect.stringContaining("no torch")] });
});

describe.skipIf(process.platform !== "linux")("trainings end with the call and with the server", () => {
  const started = async (cwd: string): Promise<void> => {
    for (let k = 0; k < 400 && trainingsIn(cwd).length === 0; k++) await sleep(25);
    expect(trainingsIn(cwd).length).toBeGreaterThan(0);
  };
  const gone = async (cwd: string): Promise<void> => {
    for (let k = 0; k < 400 && trainingsIn(cwd).length > 0; k++) await sleep(25);
    expect(trainingsIn(cwd)).toEqual([]);
  };
  const slow = { command: command(50), confirm: command(50), jobs: 4, out: "search" };

  test("a call that is cancelled", async () => {
    const cwd = trainer();
    const client = await connect(cwd);
    const cancel = new AbortController();
    const ended = call(client, "find_lr", slow, { signal: cancel.signal }).catch((error: unknown) => error);
    await started(cwd);
    cancel.abort("enough");
    expect(await ended).toBeInstanceOf(Error);
    await gone(cwd);
    // the server goes on
    expect((await client.listTools()).tools.length).toBe(5);
  });

  test("a client that goes away", async () => {
    const cwd = trainer();
    const client = await connect(cwd);
    const ended = call(client, "find_lr", slow).catch((error: unknown) => error);
    await started(cwd);
    await client.close();
    expect(await ended).toBeInstanceOf(Error);
    await gone(cwd);
  });
});
