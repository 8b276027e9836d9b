/** The system's C compiler, and a cache of the objects that it made. Node only; import it lazily. */
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolders } from "../../run/node-folder.ts";
import type { VectorBytes } from "../compile/writers/c/prelude.ts";

export interface Compiler {
  readonly path: string;
  /** As the compiler calls itself. */
  readonly version: string;
  /** Bytes of this machine's vectors. */
  readonly vectorBytes: VectorBytes;
  /** Of the vectors that products and convolutions are made of. */
  readonly productBytes: VectorBytes;
  /** Changes with the compiler, its flags and the processor's features. */
  readonly key: string;
}

export interface CompilerSearch {
  readonly compiler: Compiler | null;
  /** Why this one, or why none. */
  readonly reason: string;
}

/** A shared object, and what it took to get it. */
export interface SharedObject {
  readonly path: string;
  readonly cached: boolean;
  readonly milliseconds: number;
  /** To be called once it is loaded. */
  readonly loaded: () => void;
}

/**
 * No flag that changes numbers: products and sums are joined only where the source says so. Signed integers wrap, and
 * memory is read as whatever type the source asks for.
 */
const FLAGS = [
  "-shared", "-fPIC", "-std=gnu11", "-w", "-fwrapv", "-fno-strict-aliasing",
  "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off",
]; // biome-ignore format: flags
const TIMEOUT = 120_000;
/** Bytes of objects that are kept; the ones unused for longest go first. */
const CACHE_BYTES = 256 * 2 ** 20;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const digest = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash("sha256");
  for (const p of parts) hash.update(p);
  return hash.digest();
};

const found = new Map<string, CompilerSearch>();

/** `setting` (default: the environment's STEEPEST_CC) is "off", a compiler's path or name, or nothing to look for one. */
export function findCompiler(setting: string = process.env["STEEPEST_CC"] ?? ""): CompilerSearch {
  let search = found.get(setting);
  if (search === undefined) found.set(setting, (search = look(setting)));
  return search;
}

function look(setting: string): CompilerSearch {
  if (setting === "off") return { compiler: null, reason: "switched off by STEEPEST_CC=off" };
  const names = setting === "" ? ["cc", "gcc", "clang"] : [setting];
  const failures: string[] = [];
  for (const name of names) {
    try {
      const compiler = probe(name);
      return { compiler, reason: setting === "" ? "found on the PATH" : "named by STEEPEST_CC" };
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!missing || setting !== "") failures.push(`${name}: ${missing ? "not found" : firstLine(error)}`);
    }
  }
  const looked = `no C compiler (${names.join(", ")}) on the PATH`;
  return { compiler: null, reason: failures.length === 0 ? looked : failures.join("; ") };
}

const firstLine = (error: unknown): string => {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  const lines = (stderr.trim() || message(error)).split("\n");
  return lines.find((l) => /error/i.test(l)) ?? lines[0]!;
};

/** Asks the compiler what it knows of itself and of this processor. */
function probe(path: string): Compiler {
  const macros = execFileSync(path, ["-march=native", "-dM", "-E", "-xc", "-"], {
    encoding: "utf8",
    input: "",
    stdio: ["pipe", "pipe", "pipe"],
    timeout: TIMEOUT,
  });
  const has = (name: string): boolean => macros.includes(`#define ${name} `);
  const version = /#define __VERSION__ "(.*)"/.exec(macros)?.[1] ?? "unknown version";
  const vectorBytes = has("__AVX512F__") && has("__AVX512DQ__") ? 64 : has("__AVX2__") ? 32 : 16;
  // AMD's processors up to Zen 4 do 512 bits in two halves: loops gain by fewer instructions, products are slower by a fifth
  const halves = ["__znver1__", "__znver2__", "__znver3__", "__znver4__"].some(has);
  const productBytes = halves && vectorBytes === 64 ? 32 : vectorBytes;
  return {
    path,
    version,
    vectorBytes,
    productBytes,
    key: digest(path, macros, FLAGS.join(" ")).toString("hex"),
  };
}

/** Where objects are kept: the user's cache, or a folder of this process if that can't be used. */
export function cacheFolder(): { folder: string; shared: boolean } {
  const base = process.env["XDG_CACHE_HOME"];
  const folder = join(
    base !== undefined && base !== "" ? base : join(homedir(), ".cache"),
    "steepest",
    "native",
  );
  try {
    makeFolders(folder);
    const { uid, mode } = statSync(folder);
    const own = process.getuid === undefined || uid === process.getuid();
    if (own && (mode & 0o077) !== 0) chmodSync(folder, 0o700);
    const trial = join(folder, `.${randomUUID()}`);
    writeFileSync(trial, "", { mode: 0o600 });
    rmSync(trial);
    if (own) return { folder, shared: true };
  } catch {
    // a folder that can't be made or written: the process's own serves as well, only not the next one
  }
  return { folder: mkdtempSync(join(tmpdir(), "steepest-native-")), shared: false };
}

/**
 * The object of a source, from the cache or made now. It ends with the digest of what comes before, so that a torn or
 * changed file is made anew. Throws the compiler's own words if it refuses the source.
 */
export function objectOf(compiler: Compiler, source: string, optimise: "-O2" | "-O3"): SharedObject {
  const start = performance.now();
  const { folder, shared } = cacheFolder();
  const path = join(folder, `${digest(compiler.key, optimise, source).toString("hex").slice(0, 40)}.so`);
  const took = (): number => performance.now() - start;
  const loaded = shared ? () => {} : () => rmSync(folder, { recursive: true, force: true });
  if (shared && isWhole(path)) {
    const now = new Date();
    utimesSync(path, now, now);
    return { path, cached: true, milliseconds: took(), loaded };
  }
  const making = `${path}.${randomUUID()}`;
  if (process.env["STEEPEST_KEEP_C"] === "1")
    writeFileSync(path.replace(/so$/, "c"), source, { mode: 0o600 });
  try {
    execFileSync(
      compiler.path,
      [...FLAGS, optimise, "-march=native", "-xc", "-", "-o", making, "-lm", "-lpthread"],
      {
        input: source,
        stdio: ["pipe", "pipe", "pipe"],
        timeout: TIMEOUT,
      },
    );
    const object = readFileSync(making);
    writeFileSync(making, Buffer.concat([object, digest(object)]), { mode: 0o700 });
    renameSync(making, path);
  } catch (error) {
    rmSync(making, { force: true });
    throw new Error(`${compiler.path} failed: ${firstLine(error)}`, { cause: error });
  }
  if (shared) prune(folder, path);
  return { path, cached: false, milliseconds: took(), loaded };
}

function isWhole(path: string): boolean {
  let all: Buffer;
  try {
    all = readFileSync(path);
  } catch {
    return false;
  }
  return all.length > 32 && digest(all.subarray(0, -32)).equals(all.subarray(-32));
}

/** Drops the objects unused for longest, until the rest is small enough; never the one just made. */
function prune(folder: string, keep: string): void {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    try {
      const { size, mtimeMs } = statSync(path);
      return [{ path, size, mtimeMs }];
    } catch {
      return []; // another process has just dropped it
    }
  });
  let total = files.reduce((t, f) => t + f.size, 0);
  for (const f of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (total <= CACHE_BYTES) break;
    if (f.path === keep) continue;
    rmSync(f.path, { force: true });
    total -= f.size;
  }
}
