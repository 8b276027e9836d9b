/** Files that are one run: event files of a directory with its validation directory, metrics of an MLflow run. */
import { basename, dirname, join, sep } from "node:path";

export interface LogGroup {
  /** Names the run: the file, or the directory of several. */
  readonly source: string;
  readonly files: readonly { readonly path: string; readonly part: string }[];
  /** Where hyper-parameters may lie, when not beside the file. */
  readonly paramsFrom?: string;
}

const HELD_OUT = new Set(["validation", "val", "valid", "eval", "evaluation", "test"]);

export function groupFiles(files: readonly string[]): LogGroup[] {
  const events = new Map<string, string[]>();
  const mlflow = new Map<string, string[]>();
  const order: { key: string; kind: "events" | "mlflow" | "file" }[] = [];
  for (const path of files) {
    const run = mlflowRunOf(path);
    const kind = basename(path).includes("tfevents") ? "events" : run !== null ? "mlflow" : "file";
    const key = kind === "events" ? dirname(path) : kind === "mlflow" ? run! : path;
    const members = kind === "events" ? events : mlflow;
    if (kind !== "file") {
      const known = members.get(key);
      if (known) {
        known.push(path);
        continue;
      }
      members.set(key, [path]);
    }
    order.push({ key, kind });
  }
  const groups: LogGroup[] = [];
  for (const { key, kind } of order) {
    if (kind === "file") groups.push({ source: key, files: [{ path: key, part: "" }] });
    else if (kind === "mlflow") groups.push(mlflowGroup(key, mlflow.get(key)!));
    else if (trainingOf(key, events) === null) groups.push(eventGroup(key, events));
  }
  return groups;
}

/** The directory whose run this validation directory belongs to: `train` beside it, or the one above. */
function trainingOf(directory: string, events: ReadonlyMap<string, readonly string[]>): string | null {
  if (!HELD_OUT.has(basename(directory))) return null;
  const beside = join(dirname(directory), "train");
  if (events.has(beside)) return beside;
  return events.has(dirname(directory)) ? dirname(directory) : null;
}

function eventGroup(directory: string, events: ReadonlyMap<string, readonly string[]>): LogGroup {
  const files = events.get(directory)!.map((path) => ({ path, part: "" }));
  for (const [other, paths] of events) {
    if (trainingOf(other, events) !== directory) continue;
    files.push(...paths.map((path) => ({ path, part: "validation" })));
  }
  return { source: files.length === 1 ? files[0]!.path : directory, files };
}

/** `<run>/metrics/<name>` beside `<run>/params` or tags: the run's directory, or null. */
function mlflowRunOf(path: string): string | null {
  const parts = path.split(sep);
  const at = parts.lastIndexOf("metrics");
  if (at < 1 || at === parts.length - 1) return null;
  return parts.slice(0, at).join(sep);
}

function mlflowGroup(run: string, files: readonly string[]): LogGroup {
  const root = join(run, "metrics") + sep;
  return {
    source: files.length === 1 ? files[0]! : run,
    files: files.map((path) => ({ path, part: path.slice(root.length).split(sep).join("/") })),
    paramsFrom: run,
  };
}
