/**
 * run.lock: one process works in a run folder. Who wants it first announces itself under a name that nobody uses twice,
 * then looks whether others are announced or hold the lock, and only then sets it. Of two that announce themselves at
 * once the later to look sees the other, so that both never go on; and because no name comes again, removing what a dead
 * process left can't hit a living one. (With names shared, two could take over the same stale lock.)
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { SteepestError } from "../run/errors.ts";
import type { FileSystem } from "../run/node-folder.ts";

export interface LockOwner {
  readonly pid: number;
  readonly host: string;
}

const LOCK = "run.lock";
/** run.lock.PID.RANDOM */
const CLAIM = /^run\.lock\.\d+\.[0-9a-z]+$/;
/** Looks at a folder that others want too before it is called in use: all of them may have drawn back at once. */
const MAX_TRIES = 30;

/** Takes the lock of a folder and returns its release. Throws `run-in-use`. A lock whose process is gone is taken over. */
export function lock(path: string, io: FileSystem): () => void {
  const file = join(path, LOCK);
  for (let tries = 1; ; tries++) {
    const own = announce(path, io);
    try {
      const rival = claimsOf(path, io).find((claim) => claim.file !== own.file && claim.owner !== "stale");
      const owner = ownerIn(file, io);
      if (isLiving(owner)) throw inUse(path, file, owner);
      if (rival === undefined) {
        if (owner === "stale") io.rmSync(file, { force: true });
        if (set(own.file, file, io)) return () => release(file, own.text, io);
      } else if (tries >= MAX_TRIES && isLiving(rival.owner)) throw inUse(path, rival.file, rival.owner);
    } finally {
      io.rmSync(own.file, { force: true });
    }
    sleep(Math.random() * 4 * tries);
  }
}

/** False where the lock is there all the same, as an older version of steepest sets it. */
function set(own: string, file: string, io: FileSystem): boolean {
  try {
    io.linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Only by the owner: who was stopped for so long that another took the lock must not free it for a third. */
function release(file: string, own: string, io: FileSystem): void {
  if (textOf(file, io) === own) io.rmSync(file, { force: true });
}

interface Claim {
  readonly file: string;
  readonly text: string;
}

/** A file of one's own; written beside and renamed, so that it appears with its content. */
function announce(path: string, io: FileSystem): Claim {
  const nonce = Math.random().toString(36).slice(2) || "0";
  const file = join(path, `${LOCK}.${process.pid}.${nonce}`);
  const text = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid, io),
    nonce,
  });
  const draft = `${file}.tmp`;
  try {
    io.writeFileSync(draft, text);
    io.renameSync(draft, file);
  } catch (error) {
    io.rmSync(draft, { force: true });
    throw error;
  }
  return { file, text };
}

/** Those announced; what dead processes left is removed. */
function claimsOf(path: string, io: FileSystem): { file: string; owner: LockOwner | "stale" }[] {
  const files = io.readdirSync(path).filter((name) => CLAIM.test(name));
  return files.flatMap((name) => {
    const file = join(path, name);
    const owner = ownerIn(file, io);
    if (owner === "gone") return [];
    if (owner === "stale") io.rmSync(file, { force: true });
    return [{ file, owner }];
  });
}

const isLiving = (owner: LockOwner | "stale" | "gone"): owner is LockOwner => typeof owner === "object";

function inUse(path: string, file: string, owner: LockOwner): SteepestError {
  return new SteepestError(
    "run-in-use",
    `the run folder ${path} is in use by process ${owner.pid} on ${owner.host}`,
    { help: `wait for it or stop it; if it no longer runs, delete ${file}` },
  );
}

function textOf(file: string, io: FileSystem): string | null {
  try {
    return io.readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function ownerIn(file: string, io: FileSystem): LockOwner | "stale" | "gone" {
  const text = textOf(file, io);
  if (text === null) return "gone";
  const owner = parsed(text);
  if (owner === null) return "stale";
  if (owner.host !== hostname()) return owner;
  if (!isAlive(owner.pid)) return "stale";
  // the number may have been given to another process since
  const started = startOf(owner.pid, io);
  return started !== null && owner.started != null && started !== owner.started ? "stale" : owner;
}

function parsed(text: string): (LockOwner & { readonly started?: string | null }) | null {
  try {
    const owner: unknown = JSON.parse(text);
    if (typeof owner !== "object" || owner === null) return null;
    const { pid, host } = owner as Partial<LockOwner>;
    return Number.isInteger(pid) && typeof host === "string" ? (owner as LockOwner) : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, in clock ticks since boot (Linux's /proc, field 22 of stat); null where there is no /proc. */
function startOf(pid: number, io: FileSystem): string | null {
  const file = `/proc/${pid}/stat`;
  if (!io.existsSync(file)) return null;
  const text = textOf(file, io);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
