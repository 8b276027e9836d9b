/** The server: what it serves, what it refuses, and how `steepest lab` starts and ends. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contentPolicy } from "../../src/cli/lab/policy.ts";
import { serveSite } from "../../src/cli/lab/server.ts";
import { readSite } from "../../src/cli/lab/site.ts";
import type { Serving } from "../../src/cli/listen.ts";
import { folder, start, steepest } from "../cli/steepest.ts";
import { builtLab } from "./build.ts";

const top = mkdtempSync(join(tmpdir(), "steepest-lab-"));
const site = join(top, "site");
const script = `console.log(${JSON.stringify("x".repeat(3000))});\n`;
let serving: Serving;

beforeAll(async () => {
  mkdirSync(join(site, "assets"), { recursive: true });
  writeFileSync(join(top, "secret.txt"), "secret");
  writeFileSync(join(site, "index.html"), "<!doctype html><title>lab</title>");
  writeFileSync(join(site, "assets", "main-abc.js"), script);
  writeFileSync(join(site, "assets", "font.woff2"), Buffer.alloc(2000));
  writeFileSync(join(site, "assets", "engine.wasm"), Buffer.from([0, 0x61, 0x73, 0x6d]));
  symlinkSync(join(top, "secret.txt"), join(site, "link.txt"));
  symlinkSync(top, join(site, "up"));
  serving = await serveSite(readSite(site), { host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await serving.close();
  rmSync(top, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends the path as it is written: fetch and browsers would tidy it. */
const ask = (
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(serving.url);
    const asked = request({ hostname, port, path, method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () =>
        resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.on("error", reject);
    asked.end();
  });

describe("files", () => {
  test.each([
    ["/", "text/html; charset=utf-8", "no-cache"],
    ["/index.html", "text/html; charset=utf-8", "no-cache"],
    ["/?a=b", "text/html; charset=utf-8", "no-cache"],
    ["/assets/main-abc.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
    ["/assets/engine.wasm", "application/wasm", "public, max-age=31536000, immutable"],
    ["/assets/font.woff2", "font/woff2", "public, max-age=31536000, immutable"],
  ])("%s", async (path, type, caching) => {
    const { status, headers } = await ask(path);
    expect([status, headers["content-type"], headers["cache-control"]]).toEqual([200, type, caching]);
    expect(headers["content-security-policy"]).toContain(contentPolicy);
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  test.each([
    ["br", brotliDecompressSync],
    ["gzip", gunzipSync],
  ] as const)("come packed as %s, and unpacked when that is refused", async (encoding, unpack) => {
    const packed = await ask("/assets/main-abc.js", { headers: { "accept-encoding": encoding } });
    expect(packed.headers["content-encoding"]).toBe(encoding);
    expect(unpack(packed.body).toString()).toBe(script);
    const plain = await ask("/assets/main-abc.js", { headers: { "accept-encoding": `${encoding};q=0` } });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.body.toString()).toBe(script);
  });

  test("are not sent again while they are the same", async () => {
    const { headers } = await ask("/");
    const again = await ask("/", { headers: { "if-none-match": headers.etag! } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  test("have a HEAD without a body; other methods are refused", async () => {
    const head = await ask("/", { method: "HEAD" });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      expect((await ask("/", { method })).status).toBe(405);
    }
  });
});

describe("what is not in the site", () => {
  test.each([
    "/secret.txt",
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%252e%252e%252fsecret.txt",
    "/..\\secret.txt",
    "/..%5csecret.txt",
    "//etc/passwd",
    "/link.txt",
    "/up/secret.txt",
    "/assets",
    "/assets/",
    "/index.html%00.js",
    "/%",
    "/%ff",
    "/__proto__",
    "/constructor",
  ])("%s is not served", async (path) => {
    const { status, body } = await ask(path);
    expect([400, 404]).toContain(status);
    expect(body.toString()).not.toContain("secret");
  });

  test("a name that was pointed at this machine gets nothing", async () => {
    const port = new URL(serving.url).port;
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1.evil.example",
      "localhost.evil.example",
    ]) {
      expect((await ask("/", { headers: { host } })).status).toBe(421);
    }
    for (const host of [`localhost:${port}`, "localhost", `127.0.0.1:${port}`, `[::1]:${port}`]) {
      expect((await ask("/", { headers: { host } })).status).toBe(200);
    }
  });
});

describe("ports and addresses", () => {
  test("a port that is taken is an error when it was asked for", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
    });
    await expect(serveSite(readSite(site), { host: "127.0.0.1", port })).rejects.toMatchObject({
      id: "lab",
      message: expect.stringContaining(`port ${port} is taken`),
      help: expect.stringContaining("--port"),
    });
    other.close();
  });

  test("without one the next free port is taken", async () => {
    const first = await serveSite(readSite(site), { host: "127.0.0.1", port: null });
    const second = await serveSite(readSite(site), { host: "127.0.0.1", port: null });
    const [a, b] = [first, second].map((s) => Number(new URL(s.url).port));
    expect(a).toBeGreaterThanOrEqual(4600);
    expect(b).toBeGreaterThan(a!);
    await Promise.all([first.close(), second.close()]);
  });

  test("an address of another machine is refused in words", async () => {
    await expect(serveSite(readSite(site), { host: "203.0.113.7", port: 0 })).rejects.toMatchObject({
      id: "lab",
      message: expect.stringContaining("no address of this machine"),
    });
  });

  test("a folder without a build says how to build", () => {
    expect(() => readSite(join(top, "nothing"))).toThrow(/not built/);
  });
});

describe("steepest lab", () => {
  beforeAll(builtLab);

  test.each([
    [["--port", "high"], /--port is high/],
    [["--port", "70000"], /--port is 70000/],
    [["--port", "-1"], /--port is -1|argument missing|unknown option/],
    [["momentum"], /lab takes no argument|too many arguments/],
  ])("refuses %j", async (args, said) => {
    const { code, stderr } = await steepest(["lab", "--no-open", ...args], { cwd: folder() });
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  test("prints its address, serves, and ends by Ctrl-C with 130", async () => {
    const { child, finished } = start(["lab", "--no-open", "--port", "0", "--json"], { cwd: folder() });
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout!.once("data", (text: string) => resolve(text));
      void finished.then(({ stderr }) => reject(new Error(stderr)));
    });
    const { schema, url } = JSON.parse(line) as { schema: string; url: string };
    expect(schema).toBe("steepest.lab/1");
    expect(await (await fetch(url)).text()).toContain("steepest lab");
    child.kill("SIGINT");
    const { code, stderr } = await finished;
    expect(code).toBe(130);
    expect(stderr).toBe("Ctrl-C ends it.\n");
  });
});
