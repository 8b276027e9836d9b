/** The folder of a search: what was asked for, and the trainings, so that it can be taken up again. */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { makeFolders } from "../../run/node-folder.ts";

/** What two searches must have in common for one to go on where the other stopped. */
export interface Asked {
  readonly command: readonly string[];
  readonly override: readonly string[];
  readonly steps: number | null;
}

export interface FolderOptions {
  /** As named by the user. */
  readonly out: string | undefined;
  readonly resume: boolean;
  /** Several processes make its trainings at once; the first makes the folder. */
  readonly shared: boolean;
  /** Of the command that searches: "find-lr". */
  readonly verb: string;
  readonly asked: Asked;
}

const FILE = "search.json";

/** An absolute path. @throws SteepestError when the folder can't be made, or holds another search. */
export function openFolder({ out, resume, verb, asked, shared }: FolderOptions): string {
  if (shared && (resume || out === undefined)) {
    const what = resume
      ? "--part makes trainings, and --resume joins them"
      : "--part needs the folder of all parts";
    throw new SteepestError("usage", what, {
      help: resume ? "give one of the two" : "name one that every machine sees, by --out",
    });
  }
  const name = out ?? `${verb}-${stemOf(asked.command)}`;
  const path = resolve(resume || out !== undefined ? (out ?? lastOf(name)) : nextOf(name));
  const file = join(path, FILE);
  if (resume || (shared && existsSync(file))) {
    refuseOther(file, asked);
    return path;
  }
  if (!shared && existsSync(path) && readdirSync(path).length > 0) {
    throw new SteepestError("folder-in-use", "the folder holds something already", {
      where: path,
      help: existsSync(file)
        ? "go on with its search by --resume, or name another folder"
        : "name another folder",
    });
  }
  try {
    makeFolders(path);
    // whole at once: another part may look
    const own = `${file}.${randomUUID()}`;
    writeFileSync(own, `${JSON.stringify(asked, null, 2)}\n`);
    renameSync(own, file);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new SteepestError("not-writable", `the folder can't be made: ${cause.message}`, {
      where: path,
      help: "name one that you may write to, by --out",
      cause,
    });
  }
  return path;
}

function refuseOther(file: string, asked: Asked): void {
  if (!existsSync(file)) {
    throw new SteepestError("no-search", "there is no search to go on with", {
      where: file,
      help: "leave out --resume, or name the search's folder by --out",
    });
  }
  const before = readFileSync(file, "utf8");
  if (before.trim() === JSON.stringify(asked, null, 2)) return;
  throw new SteepestError("other-search", "the folder's search is of another command", {
    where: file,
    help: "give the same command, --override and --steps as before, or begin anew without --resume",
  });
}

/** "train" of `python -u src/train.py --lr {lr}`: the first word that looks like a program's file, else the first. */
function stemOf(command: readonly string[]): string {
  const file = command.find((word, i) => i > 0 && /^[^-{].*\.\w+$/.test(word)) ?? command[0]!;
  return basename(file, extname(file)).replace(/[^\w.-]/g, "") || "program";
}

const numbered = (name: string, k: number): string => (k === 1 ? name : `${name}-${k}`);

function nextOf(name: string): string {
  let k = 1;
  while (existsSync(numbered(name, k))) k++;
  return numbered(name, k);
}

function lastOf(name: string): string {
  let k = 1;
  while (existsSync(numbered(name, k + 1))) k++;
  return numbered(name, k);
}
