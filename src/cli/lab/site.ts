/** The built page as a table in memory: what is not in it is not served, whatever a request asks for. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { SteepestError } from "../../run/errors.ts";
import { packageFolder } from "../../run/node-package.ts";

export interface SiteFile {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  /** Its name has a hash of its content: it never changes. */
  readonly immutable: boolean;
  /** The body in an encoding, or null where that would not help. */
  readonly encoded: (encoding: "br" | "gzip") => Uint8Array<ArrayBuffer> | null;
}

export type Site = ReadonlyMap<string, SiteFile>;

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  md: "text/plain; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  wasm: "application/wasm",
  woff2: "font/woff2",
};

/** The page of the package `@steepest/lab`. Throws `lab` when that is not installed. */
export function labFolder(): string {
  const folder = packageFolder("@steepest/lab", import.meta.url);
  if (folder !== null) return join(folder, "page");
  throw new SteepestError("lab", "the lab is in the package @steepest/lab, which is not installed", {
    help: "run npm install @steepest/lab, or npx -p steepest -p @steepest/lab steepest lab",
  });
}

/** Reads every regular file below `folder`; links are left out. */
export function readSite(folder: string): Site {
  if (!existsSync(join(folder, "index.html"))) {
    throw new SteepestError("lab", `the lab is not built: ${folder} has no index.html`, {
      help: "in a checkout of steepest, run npm run lab:build",
    });
  }
  const site = new Map<string, SiteFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join("/");
    site.set(`/${name}`, siteFile(name, new Uint8Array(readFileSync(path))));
  }
  site.set("/", site.get("/index.html")!);
  return site;
}

function siteFile(name: string, body: Uint8Array<ArrayBuffer>): SiteFile {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  const packed = new Map<string, Uint8Array<ArrayBuffer>>();
  const worthIt = body.length > 1000 && !["woff2", "png", "gz"].includes(extension);
  return {
    type: types[extension] ?? "application/octet-stream",
    body,
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    immutable: name.startsWith("assets/"),
    encoded: (encoding) => {
      if (!worthIt) return null;
      const made = packed.get(encoding) ?? new Uint8Array(encoding === "br" ? brotli(body) : gzipSync(body));
      packed.set(encoding, made);
      return made;
    },
  };
}

const brotli = (body: Uint8Array): Uint8Array =>
  brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } });
