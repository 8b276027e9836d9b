/** `steepest run`: programs of every manner under the watch, in processes of their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Diagnosis } from "../../src/diagnose/index.ts";
import { folder, type Running, start, steepest } from "./steepest.ts";

/** A training program as a user writes it: `node train.mjs` with a body of ours. */
function program(cwd: string, body: string): readonly string[] {
  writeFileSync(join(cwd, "train.mjs"), body);
  return ["--", process.execPath, "train.mjs"];
}

const descent = `for (let i = 0; i < 150; i++) console.log("step", i, "loss", (2 * Math.exp(-i / 40) + 0.1).toFixed(4));`;
/** Falls, then goes NaN, and would go on for a minute. */
const breaks = `
let i = 0;
setInterval(() => console.log("step", i, "loss", i < 40 ? (2 * Math.exp(-i / 40)).toFixed(4) : "nan", i++ && ""), 15);
setTimeout(() => process.exit(0), 60000);`;

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // a zombie that nobody has reaped is gone
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !what(); i++) await sleep(50);
  expect(what()).toBe(true);
}

/** The pid that a program of ours has written into its folder. */
async function pidIn(cwd: string, name = "pid"): Promise<number> {
  const path = join(cwd, name);
  await until(() => existsSync(path) && readFileSync(path, "utf8") !== "");
  return Number(readFileSync(path, "utf8"));
}

const writesPid = `import { writeFileSync } from "node:fs"; writeFileSync("pid", String(process.pid));`;

test("the output passes through unchanged, the exit code is the program's, the diagnosis comes on standard error", async () => {
  const cwd = folder();
  const { code, stdout, stderr } = await steepest(
    ["run", ...program(cwd, `${descent} process.exitCode = 7;`)],
    {
      cwd,
    },
  );
  expect(code).toBe(7);
  const lines = stdout.split("\n");
  expect(lines).toHaveLength(151);
  expect(lines[0]).toBe("step 0 loss 2.1000");
  expect(stderr).toContain("the program ended with exit code 7");
  expect(stderr).toContain("150 points, steps 0–149");
});

test("with --json standard output holds the document alone", async () => {
  const cwd = folder();
  const { stdout, stderr } = await steepest(["run", "--json", ...program(cwd, descent)], { cwd });
  expect((JSON.parse(stdout) as Diagnosis).runs[0]!.points).toBe(150);
  expect(stderr).toContain("step 149 loss");
});

test("a loss on standard error is read, and progress bars that end in a carriage return", async () => {
  const cwd = folder();
  const bar = `for (let i = 0; i < 150; i++) process.stderr.write(\`step \${i} loss \${(2 * Math.exp(-i / 40) + 0.1).toFixed(4)}\\r\`);`;
  const { stdout } = await steepest(["run", "--json", ...program(cwd, bar)], { cwd });
  expect((JSON.parse(stdout) as Diagnosis).runs[0]!.points).toBe(150);
});

test("files that the program writes are read instead of its output, even those not there yet", async () => {
  const cwd = folder();
  const body = `
import { appendFileSync, mkdirSync } from "node:fs";
console.log("step 1 loss 99");
mkdirSync("out");
appendFileSync("out/log.csv", "step,loss\\n");
for (let i = 0; i < 90; i++) appendFileSync("out/log.csv", \`\${i},\${2 * Math.exp(-i / 30) + 0.1}\\n\`);`;
  const { stdout } = await steepest(["run", "--json", "--log", "out", ...program(cwd, body)], { cwd });
  const { runs } = JSON.parse(stdout) as Diagnosis;
  expect(runs).toMatchObject([{ format: "csv", points: 90 }]);
});

test("--stop-on non-finite ends the program and tells a webhook about the alert and the end", async () => {
  const cwd = folder();
  const got: { title: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (text: Buffer) => (body += text.toString()));
    request.on("end", () => {
      got.push({ title: String(request.headers["title"]), body });
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const hook = ["--webhook", `http://127.0.0.1:${port}/topic`, "--webhook-form", "ntfy"];
  const { code, stderr } = await steepest(
    ["run", "--stop-on", "non-finite", ...hook, ...program(cwd, writesPid + breaks)],
    { cwd },
  );
  server.close();
  expect(code).toBe(1);
  expect(stderr).toContain("ended by --stop-on, for non-finite");
  expect(alive(await pidIn(cwd))).toBe(false);
  expect(got[0]!.title).toMatch(/^non-finite.* at step 4\d$/i);
  expect(got.at(-1)!.title).toBe("training ended: by SIGTERM");
});

test("diagnose --watch tells a webhook the same way; without --watch it is refused", async () => {
  const cwd = folder();
  const got: { title: string; severity: string; finding?: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (text: Buffer) => (body += text.toString()));
    request.on("end", () => {
      got.push(JSON.parse(body) as (typeof got)[number]);
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const log = join(cwd, "train.log");
  const line = (k: number, loss: number): string => `step ${k} loss ${loss}\n`;
  const good = Array.from({ length: 40 }, (_, k) => line(k, 2 * Math.exp(-k / 20)));
  writeFileSync(log, good.join(""));
  const address = `http://127.0.0.1:${port}/`;
  const { child, finished } = start(["diagnose", "--watch", "--webhook", address, log], { cwd });
  let begun = "";
  child.stderr!.on("data", (text: Buffer | string) => (begun += String(text)));
  await until(() => begun.includes("watching"));
  writeFileSync(log, [...good, ...Array.from({ length: 5 }, (_, k) => line(40 + k, Number.NaN))].join(""));
  await until(() => got.length > 0);
  child.kill("SIGINT");
  expect((await finished).code).toBe(130);
  server.close();
  expect(got[0]).toMatchObject({ severity: "critical", finding: "non-finite" });
  expect(got.at(-1)).toMatchObject({ title: "the watch has ended", severity: "critical" });
  const refused = await steepest(["diagnose", "--webhook", address, log], { cwd });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("--webhook needs --watch");
});

test("a webhook that fails is a warning, not the end", async () => {
  const cwd = folder();
  const { code, stderr } = await steepest(
    ["run", "--webhook", "http://127.0.0.1:9/", ...program(cwd, descent)],
    { cwd },
  );
  expect(code).toBe(0);
  expect(stderr).toContain("warning: the webhook at 127.0.0.1:9 did not take a message");
});

test.each<[string, string, readonly string[], string]>([
  ["prints nothing", "", [], "no diagnosis"],
  ["prints binary", "process.stdout.write(Buffer.from([0, 159, 146, 150, 0, 1, 2, 3]));", [], "no diagnosis"],
  ["writes no log", "", ["--log", "out.csv"], "the program has not written it"],
])("a program that %s gets one clear word", async (_, body, flags, words) => {
  const cwd = folder();
  const { code, stderr } = await steepest(["run", ...flags, ...program(cwd, body)], { cwd });
  expect(code).toBe(0);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain("    at ");
});

test.each([
  [["run", "--", "no-such-program"], "error[program-not-started]"],
  [["run"], "error[usage]"],
  [["run", "--plot", "x.gif", "--", "true"], "error[plot-format]"],
  [["run", "--webhook", "nowhere", "--", "true"], "error[usage]"],
])("%j is refused before anything runs", async (args, error) => {
  const { code, stderr } = await steepest(args, { cwd: folder() });
  expect(code).toBe(2);
  expect(stderr).toContain(error);
});

function begin(cwd: string, body: string): Running {
  return start(["run", ...program(cwd, body)], { cwd });
}

const stays = "setInterval(() => {}, 1000);";

test("the first signal goes to the program, which may save its work", async () => {
  const cwd = folder();
  const { child, finished } = begin(
    cwd,
    `process.on("SIGTERM", () => { console.log("saved"); process.exit(5); }); ${writesPid} ${stays}`,
  );
  await pidIn(cwd);
  child.kill("SIGTERM");
  const { code, stdout } = await finished;
  expect(stdout).toBe("saved\n");
  expect(code).toBe(5);
});

test("a second signal ends a program that will not end", async () => {
  const cwd = folder();
  const { child, finished } = begin(
    cwd,
    `process.on("SIGINT", () => {}); process.on("SIGTERM", () => {}); ${writesPid} ${stays}`,
  );
  const pid = await pidIn(cwd);
  child.kill("SIGINT");
  await sleep(300);
  expect(alive(pid)).toBe(true);
  child.kill("SIGINT");
  const { code } = await finished;
  expect(code).toBe(137);
  expect(alive(pid)).toBe(false);
});

test("what a program leaves behind is ended with it", async () => {
  const cwd = folder();
  const { finished } = begin(
    cwd,
    `import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
const left = spawn("sleep", ["300"], { stdio: "inherit" }); writeFileSync("pid", String(left.pid)); left.unref(); process.exit(0);`,
  );
  const { code, stderr } = await finished;
  expect(code).toBe(0);
  expect(stderr).toContain("left behind");
  expect(alive(await pidIn(cwd))).toBe(false);
});

test("when steepest is killed, the program and what it started are gone soon after", async () => {
  const cwd = folder();
  const { child, finished } = begin(
    cwd,
    `import { spawn } from "node:child_process"; ${writesPid}
const other = spawn("sleep", ["300"]); writeFileSync("other", String(other.pid)); ${stays}`,
  );
  const pids = [await pidIn(cwd), await pidIn(cwd, "other")];
  child.kill("SIGKILL");
  await finished;
  await until(() => !pids.some(alive));
});

test("much output is passed on in bounded memory", async () => {
  const cwd = folder();
  const args = [
    "run",
    ...program(
      cwd,
      `const line = \`noise \${"x".repeat(1000)}\\n\`.repeat(1000);
for (let i = 0; i < 100; i++) if (!process.stdout.write(line)) await new Promise((r) => process.stdout.once("drain", r));
${descent}`,
    ),
  ];
  const launch = join(import.meta.dirname, "launch.js");
  const child = spawn(process.execPath, ["--max-old-space-size=200", launch, ...args], { cwd });
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => (bytes += chunk.length));
  child.stderr.resume();
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(code).toBe(0);
  expect(bytes).toBeGreaterThan(100e6);
});
