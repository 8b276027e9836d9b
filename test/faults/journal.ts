/** What a real process does to its files, recorded below it by `journal.c` and done again to a disk that loses power. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVolatileDisk, PLACE, type VolatileDisk } from "./volatile-disk.ts";

const SOURCE = fileURLToPath(new URL("journal.c", import.meta.url));
/** Linux' own flags of `open`. */
const [WRITES, CREATES, EMPTIES, APPENDS] = [0o3, 0o100, 0o1000, 0o2000];

/** Builds the recorder into `folder`; why there is none, where there is none. */
export function buildRecorder(folder: string): { library: string } | { reason: string } {
  if (process.platform !== "linux") return { reason: "LD_PRELOAD is Linux'" };
  const library = join(folder, "journal.so");
  const { error, status, stderr } = spawnSync(
    "cc",
    ["-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl", "-lpthread"],
    { encoding: "utf8" },
  );
  if (error !== undefined) return { reason: "there is no C compiler" };
  if (status !== 0) throw new Error(stderr);
  return { library };
}

export interface RecordedProcess {
  /** Calls that change something below the folder. */
  readonly calls: number;
  readonly code: number | null;
  readonly stderr: string;
}

/** A folder on the real disk, and the disk that loses power, which has the same in it. */
export interface RecordedDisk {
  /** Stands for `/` of the disk. */
  readonly root: string;
  readonly disk: VolatileDisk;
  /** Runs Node with these arguments; it is killed before the `cut`-th call. */
  readonly run: (args: readonly string[], cut?: number) => RecordedProcess;
  /** What the disk holds takes the place of what the folder holds. */
  readonly restore: () => void;
}

export function createRecordedDisk(folder: string, library: string): RecordedDisk {
  const root = join(folder, "disk");
  const journal = join(folder, "journal");
  const disk = createVolatileDisk();
  mkdirSync(root);
  return {
    root,
    disk,
    run(args, cut) {
      rmSync(journal, { force: true });
      const env = { ...process.env, LD_PRELOAD: library, JOURNAL: journal, JOURNAL_BELOW: root };
      const { status, stderr } = spawnSync(process.execPath, args, {
        cwd: folder,
        env: cut === undefined ? env : { ...env, JOURNAL_CUT: String(cut) },
        encoding: "utf8",
      });
      const calls = existsSync(journal) ? replay(readFileSync(journal), disk, root) : 0;
      return { calls, code: status, stderr };
    },
    restore() {
      rmSync(root, { recursive: true });
      mkdirSync(root);
      if (!disk.io.existsSync(PLACE)) return;
      mkdirSync(join(root, PLACE));
      for (const name of disk.io.readdirSync(PLACE))
        writeFileSync(join(root, PLACE, name), disk.io.readFileSync(join(PLACE, name)));
    },
  };
}

/** Does to the disk what was done below `root`; how many calls that was. */
function replay(journal: Buffer, { io }: VolatileDisk, root: string): number {
  const files = new Map<number, number>();
  const file = (fd: string | undefined): number => files.get(Number(fd))!;
  const place = (path: string): string => path.slice(root.length) || "/";
  let calls = 0;
  for (let at = 0; at < journal.length; calls++) {
    const end = journal.indexOf(0x0a, at);
    const line = journal.toString("utf8", at, end);
    at = end + 1;
    const [kind, ...rest] = line.split(" ");
    const [first, second, third] = rest;
    const [from = "", to = ""] = line.slice(2).split("\t").map(place);
    switch (kind) {
      case "O":
        files.set(Number(first), io.openSync(place(rest.slice(2).join(" ")), modeOf(Number(second))));
        break;
      case "C":
        io.closeSync(file(first));
        break;
      case "W": {
        if (second !== "-1") throw new Error(`a write at a place of its own is not known here: ${line}`);
        const bytes = journal.subarray(at, at + Number(third));
        io.writeSync(file(first), bytes);
        at += bytes.length;
        break;
      }
      case "T":
        io.ftruncateSync(file(first), Number(second));
        break;
      case "S":
        io.fsyncSync(file(first));
        break;
      case "R":
        io.renameSync(from, to);
        break;
      case "L":
        io.linkSync(from, to);
        break;
      case "U":
        io.rmSync(from);
        break;
      case "M":
        io.mkdirSync(from);
        break;
      default:
        throw new Error(`the journal has a line that nobody wrote: ${line}`);
    }
  }
  return calls;
}

function modeOf(flags: number): "r" | "r+" | "w" | "a" {
  if (flags & APPENDS) return "a";
  if (flags & (EMPTIES | CREATES)) return "w";
  return flags & WRITES ? "r+" : "r";
}
