/**
 * A file system in memory that loses at a power cut what was not synced: of each file the bytes written since its last
 * fsync stay up to some point only (what lies beyond is gone, or zeros), and of each folder some of the changes since
 * its last fsync. That is what POSIX allows, and more than ext4 or XFS do.
 */
import type * as fs from "node:fs";
import { dirname, join } from "node:path";
import type { FileSystem } from "../../src/run/node-folder.ts";
import type { Random } from "../robust/fuzz/mutate.ts";

interface File {
  kind: "file";
  now: Buffer;
  synced: Buffer;
}
interface Folder {
  kind: "folder";
  now: Map<string, Entry>;
  synced: Map<string, Entry>;
  /** Since the last fsync, in order. A rename is one change of two names. */
  changes: ((names: Map<string, Entry>) => void)[];
}
type Entry = File | Folder;

export class PowerCut extends Error {}

export interface VolatileDisk {
  readonly io: FileSystem;
  /** Operations so far. */
  readonly operations: () => number;
  /** Power fails before the n-th operation from now: it and all later ones throw `PowerCut`. */
  readonly cutAfter: (n: number) => void;
  /** Power comes back: what is left. */
  readonly restart: (random: Random) => void;
}

const newFolder = (): Folder => ({ kind: "folder", now: new Map(), synced: new Map(), changes: [] });
const failure = (code: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${path}`), { code, path });

export function createVolatileDisk(): VolatileDisk {
  const root = newFolder();
  const open = new Map<number, { file: Entry; at: number; append: boolean }>();
  let nextFile = 100;
  let done = 0;
  let limit = Number.POSITIVE_INFINITY;
  let boots = 0;
  // a process of before the cut is not that of after, although both have our number
  const ownStat = `/proc/${process.pid}/stat`;
  const tick = (): void => {
    if (done >= limit) throw new PowerCut(`power failed after ${done} operations`);
    done++;
  };
  const find = (path: string): Entry | undefined =>
    path
      .split("/")
      .filter((part) => part !== "")
      .reduce<Entry | undefined>((at, part) => (at?.kind === "folder" ? at.now.get(part) : undefined), root);
  const folderOf = (path: string): [Folder, string] => {
    const folder = find(dirname(path));
    if (folder?.kind !== "folder") throw failure("ENOENT", path);
    return [folder, path.slice(path.lastIndexOf("/") + 1)];
  };
  const change = (folder: Folder, apply: (names: Map<string, Entry>) => void): void => {
    apply(folder.now);
    folder.changes.push(apply);
  };
  const fileAt = (path: string): File => {
    const file = find(path);
    if (file === undefined) throw failure("ENOENT", path);
    if (file.kind === "folder") throw failure("EISDIR", path);
    return file;
  };
  const create = (path: string): File => {
    const [folder, name] = folderOf(path);
    const file: File = { kind: "file", now: Buffer.alloc(0), synced: Buffer.alloc(0) };
    change(folder, (names) => names.set(name, file));
    return file;
  };
  const handle = (descriptor: number): { file: File; at: number; append: boolean } => {
    const found = open.get(descriptor);
    if (found?.file.kind !== "file") throw failure("EBADF", String(descriptor));
    return found as { file: File; at: number; append: boolean };
  };
  const write = (file: File, bytes: Uint8Array, at: number): void => {
    const size = Math.max(file.now.length, at + bytes.length);
    const next = Buffer.alloc(size);
    next.set(file.now);
    next.set(bytes, at);
    file.now = next;
  };

  const operations = {
    existsSync: (path: string) => path === ownStat || find(path) !== undefined,
    statSync: (path: string) => {
      const entry = find(path);
      return entry && { isDirectory: () => entry.kind === "folder", isFile: () => entry.kind === "file" };
    },
    mkdirSync: (path: string) => {
      tick();
      const [folder, name] = folderOf(path);
      if (folder.now.has(name)) throw failure("EEXIST", path);
      const made = newFolder();
      change(folder, (names) => names.set(name, made));
    },
    openSync: (path: string, flags: string) => {
      tick();
      const known = find(path);
      if (known === undefined && (flags === "r" || flags === "r+")) throw failure("ENOENT", path);
      const file = known ?? create(path);
      if (flags === "w" && file.kind === "file") file.now = Buffer.alloc(0);
      open.set(nextFile, { file, at: 0, append: flags === "a" });
      return nextFile++;
    },
    closeSync: (descriptor: number) => {
      open.delete(descriptor);
    },
    fsyncSync: (descriptor: number) => {
      tick();
      const entry = open.get(descriptor)?.file;
      if (entry === undefined) throw failure("EBADF", String(descriptor));
      if (entry.kind === "file") entry.synced = entry.now;
      else [entry.synced, entry.changes] = [new Map(entry.now), []];
    },
    fstatSync: (descriptor: number) => ({ size: handle(descriptor).file.now.length }),
    ftruncateSync: (descriptor: number, size: number) => {
      tick();
      const { file } = handle(descriptor);
      const cut = Buffer.alloc(size);
      cut.set(file.now.subarray(0, size));
      file.now = cut;
    },
    writeSync: (descriptor: number, bytes: Uint8Array, from = 0) => {
      tick();
      const one = handle(descriptor);
      const part = bytes.subarray(from);
      write(one.file, part, one.append ? one.file.now.length : one.at);
      one.at += part.length;
      return part.length;
    },
    readSync: (descriptor: number, into: Uint8Array, offset: number, length: number, position: number) => {
      const part = handle(descriptor).file.now.subarray(position, position + length);
      into.set(part, offset);
      return part.length;
    },
    readFileSync: (path: string, encoding?: "utf8") => {
      if (path === ownStat) return `1 (node) ${"0 ".repeat(19)}${boots}`;
      const { now } = fileAt(path);
      return encoding === undefined ? Buffer.from(now) : now.toString(encoding);
    },
    writeFileSync: (path: string, text: string) => {
      tick();
      const file = find(path) ?? create(path);
      if (file.kind === "file") file.now = Buffer.from(text);
    },
    readdirSync: (path: string) => {
      const folder = find(path);
      if (folder?.kind !== "folder") throw failure("ENOENT", path);
      return [...folder.now.keys()];
    },
    renameSync: (from: string, to: string) => {
      tick();
      const file = fileAt(from);
      const [folder, name] = folderOf(from);
      const [target, newName] = folderOf(to);
      if (folder !== target) throw failure("EXDEV", to);
      change(folder, (names) => {
        names.set(newName, file);
        names.delete(name);
      });
    },
    linkSync: (from: string, to: string) => {
      tick();
      const file = fileAt(from);
      const [folder, name] = folderOf(to);
      if (folder.now.has(name)) throw failure("EEXIST", to);
      change(folder, (names) => names.set(name, file));
    },
    rmSync: (path: string) => {
      tick();
      const [folder, name] = folderOf(path);
      change(folder, (names) => names.delete(name));
    },
  };
  return {
    io: operations as Partial<typeof fs> as FileSystem,
    operations: () => done,
    cutAfter: (n) => {
      limit = done + n;
    },
    restart: (random) => {
      limit = Number.POSITIVE_INFINITY;
      boots++;
      open.clear();
      settle(root, random);
    },
  };
}

/** What a power cut leaves of a folder and all below it. */
function settle(folder: Folder, random: Random): void {
  const left = new Map(folder.synced);
  // changes reach the disk in order up to a point, or any of them does
  const inOrder = random.below(2) === 0;
  const upTo = random.below(folder.changes.length + 1);
  folder.changes.forEach((apply, i) => {
    if (inOrder ? i < upTo : random.below(2) === 0) apply(left);
  });
  folder.now = left;
  folder.synced = new Map(left);
  folder.changes = [];
  for (const entry of left.values()) {
    if (entry.kind === "folder") settle(entry, random);
    else entry.now = entry.synced = remains(entry, random);
  }
}

/** A file's bytes: as synced; as written; or the size as written, and of the new bytes some as zeros. */
function remains({ now, synced }: File, random: Random): Buffer {
  if (now.equals(synced)) return now;
  const kind = random.below(4);
  if (kind === 0) return synced;
  if (kind === 1) return now;
  // what both have in common was not written since
  let same = 0;
  while (same < now.length && same < synced.length && now[same] === synced[same]) same++;
  const end = same + random.below(now.length - same + 1);
  if (kind === 2) return Buffer.from(now.subarray(0, end));
  const out = Buffer.from(now);
  out.fill(0, end);
  return out;
}

/** Where in the disk the tests work. */
export const PLACE: string = join("/", "run");
