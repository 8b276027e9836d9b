/** Where pictures go, looked at before the work: a wrong name must not cost an hour of it. */
import { statSync } from "node:fs";
import { dirname, extname } from "node:path";
import { SteepestError } from "../run/errors.ts";
import { makeFolders } from "../run/node-folder.ts";
import { packageFolder } from "../run/node-package.ts";

/** Throws `plot-format` for another ending than .svg and .png, `not-writable` where the file's folder is none. */
export function requirePlotFile(path: string): void {
  if (!/^\.(svg|png)$/i.test(extname(path))) {
    throw new SteepestError("plot-format", `the plot ${path} is neither .svg nor .png`, {
      help: "end its name in .svg or .png",
    });
  }
  if (/png$/i.test(path) && packageFolder("@resvg/resvg-js", import.meta.url) === null) {
    throw new SteepestError("package-missing", `the plot ${path} needs the package @resvg/resvg-js`, {
      help: "run npm install @resvg/resvg-js dejavu-fonts-ttf, or end its name in .svg",
    });
  }
  requireFolderOf(path);
}

/** Throws `not-writable` where a file could not be, or where a folder has its name. */
export function requireFolderOf(path: string): void {
  if (!isFolder(dirname(path))) {
    throw new SteepestError("not-writable", `${path} can't be written: ${dirname(path)} is no folder`, {
      help: "name a file in a folder that exists",
    });
  }
  if (isFolder(path)) {
    throw new SteepestError("not-writable", `${path} can't be written: it is a folder`, {
      help: "name a file in it",
    });
  }
}

/** Throws `not-writable`. */
export function makePlotFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (cause) {
    throw new SteepestError("not-writable", `the folder ${path} can't be made: ${(cause as Error).message}`, {
      help: "choose another folder",
      cause,
    });
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
