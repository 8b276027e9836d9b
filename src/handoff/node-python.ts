/** The Python that has PyTorch. */
import { spawnSync } from "node:child_process";
import { SteepestError } from "../run/errors.ts";

/** A Python interpreter that has PyTorch. */
export interface TorchPython {
  readonly path: string;
  /** PyTorch's version, "2.4.1+cu121". */
  readonly torch: string;
  /** Python's, [3, 11]. */
  readonly python: readonly [number, number];
  readonly gpus: number;
}

/** What the project's files are written for. */
const OLDEST = [1, 13] as const;

const PROBE = `
import json, sys
import numpy, torch
import torch.distributed
print(json.dumps({"torch": torch.__version__, "python": sys.version_info[:2], "gpus": torch.cuda.device_count(),
    "distributed": torch.distributed.is_available()}))
`;

const INSTALL =
  "install it: pip install torch numpy (Debian: apt-get install python3-torch), or name another Python with --python";

/**
 * The Python of this path, or else the first that has PyTorch: STEEPEST_PYTHON, python3, /usr/bin/python3. Throws
 * `python-missing`, `torch-missing` or `torch-old`.
 */
export function findTorchPython(
  path?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): TorchPython {
  const named = path ?? (env["STEEPEST_PYTHON"] || undefined);
  const problems: SteepestError[] = [];
  for (const candidate of named === undefined ? ["python3", "/usr/bin/python3"] : [named]) {
    const found = probe(candidate);
    if (!(found instanceof SteepestError)) return found;
    problems.push(found);
  }
  // a Python without PyTorch says more than no Python at all
  throw problems.find((p) => p.id !== "python-missing") ?? problems[0]!;
}

function probe(path: string): TorchPython | SteepestError {
  const { status, stdout, stderr, error } = spawnSync(path, ["-c", PROBE], { encoding: "utf8" });
  if (error !== undefined) {
    return new SteepestError("python-missing", `there is no Python ${path} that can be started`, {
      help: "install Python 3 and PyTorch, or name a Python with --python or STEEPEST_PYTHON",
      cause: error,
    });
  }
  const last = stderr.trim().split("\n").at(-1) ?? "";
  if (status !== 0) {
    const missing = /No module named '(\w+)'/.exec(last)?.[1];
    return new SteepestError(
      "torch-missing",
      missing === undefined
        ? `PyTorch can't be loaded in ${path}: ${last}`
        : `${path} has no ${missing === "torch" ? "PyTorch" : missing}`,
      { help: INSTALL },
    );
  }
  const found = JSON.parse(stdout) as TorchPython & { distributed: boolean };
  const [major = 0, minor = 0] = found.torch.split(/[.+]/).map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return new SteepestError(
      "torch-old",
      `${path} has PyTorch ${found.torch}; ${OLDEST.join(".")} or later is needed`,
      {
        help: "update it: pip install --upgrade torch, or name another Python with --python",
      },
    );
  }
  if (!found.distributed) {
    return new SteepestError("torch-missing", `the PyTorch of ${path} is built without torch.distributed`, {
      help: INSTALL,
    });
  }
  return { path, torch: found.torch, python: found.python, gpus: found.gpus };
}

/** PyTorch 1.x reads the default of -r and -t wrongly under Python 3.11; a rank that does not exist goes round that. */
export const torchrunQuirk = ({ torch, python }: TorchPython): string[] =>
  Number(torch.split(".")[0]) < 2 && (python[0] > 3 || python[1] >= 11) ? ["-r", "9:3", "-t", "9:3"] : [];
