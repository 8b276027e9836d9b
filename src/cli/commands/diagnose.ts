/** `steepest diagnose <paths…>`: logs → verdict, findings and actions; `--watch` follows them as they grow. */
import { fstatSync } from "node:fs";
import { diagnose, type Finding } from "../../diagnose/index.ts";
import { type Judged, nameOf, toJson } from "../../diagnose/words.ts";
import type { RunLog } from "../../logs/index.ts";
import { pipeAt } from "../../logs/node-fifo.ts";
import { readLogPaths } from "../../logs/node-files.ts";
import { SteepestError } from "../../run/errors.ts";
import { plain } from "../../run/plain.ts";
import type { Invocation } from "../command.ts";
import { alertLine } from "../diagnose/alert.ts";
import { type FollowOptions, followStream, type OnAlert } from "../diagnose/follow.ts";
import { followAll } from "../diagnose/follow-all.ts";
import type { FormatName } from "../diagnose/format-names.ts";
import { realFirst } from "../diagnose/order.ts";
import { createReceivers, type ReceiverFlags, type Receivers, receiverNamed } from "../diagnose/receivers.ts";
import { report } from "../diagnose/report.ts";
import { writePage, writePlot } from "../diagnose/write.ts";
import { catchInterrupt } from "../interrupt.ts";
import { look, type Terminal } from "../terminal.ts";

interface Options extends ReceiverFlags {
  readonly loss?: string;
  readonly lr?: string;
  readonly step?: string;
  readonly watch?: true;
  readonly strict?: true;
  readonly ascii?: true;
  readonly explain?: true;
  readonly report?: string;
  readonly baseline?: string;
  readonly plot?: string;
  readonly format?: FormatName;
}

const SKIPS_SHOWN = 5;

export async function run({ args, options: given, terminal, json: whole }: Invocation): Promise<number> {
  const options = given as Options;
  const { format } = options;
  if (whole && format !== undefined) {
    throw new SteepestError("usage", `--json and --format ${format} both ask for standard output`, {
      help: "give one of them",
    });
  }
  // a document of its own on standard output, whichever it is
  const json = whole || format !== undefined;
  const paths = pathsOf(args);
  const wasted = options.watch ? undefined : receiverNamed(options);
  if (wasted !== undefined) {
    throw new SteepestError("usage", `${wasted} needs --watch`, {
      help: "alerts come while a log grows: add --watch",
    });
  }
  // a wrong path is said before a watch begins
  const baseline = options.baseline === undefined ? undefined : await goodRun(options.baseline, options);
  const stop = catchInterrupt();
  const receivers = createReceivers(options, (text) => terminal.note(`warning: ${text}`));
  try {
    const read = await readLogs(paths, options, { terminal, json, receivers, signal: stop.signal }).catch(
      (error: unknown) => {
        if (!stop.signal.aborted || !(error instanceof SteepestError)) throw error;
        terminal.note(`note: stopped before a curve was read: ${plain(error.message)}`);
        return null;
      },
    );
    if (read === null) return 130;
    const logs = realFirst(read);
    noteAll(logs, terminal);
    const diagnosis = diagnose(logs, baseline === undefined ? {} : { baseline });
    const judged = diagnosis.runs.map((r, i): Judged => ({ log: logs[i]!, run: r }));
    if (options.report !== undefined) await writePage(options.report, judged, terminal);
    if (options.plot !== undefined) await writePlot(options.plot, judged, terminal);
    if (whole) terminal.print(toJson(diagnosis));
    else if (format !== undefined) {
      const { FORMATS } = await import("../diagnose/formats.ts");
      terminal.print(FORMATS[format](judged));
    } else terminal.print(report(judged, { ...look(terminal, options), explain: options.explain === true }));
    if (options.watch) receivers.ended("the watch has ended", judged);
    await receivers.settled();
    if (stop.signal.aborted) return 130;
    const critical = diagnosis.runs.some((r) => r.findings.some((f) => f.severity === "critical"));
    return options.strict && critical ? 1 : 0;
  } finally {
    stop.release();
  }
}

/** The one run with a curve in a log that is known to be good. */
async function goodRun(path: string, { loss, lr, step }: Options): Promise<RunLog> {
  const runs = (await readLogPaths([path], { loss, lr, step })).filter((log) =>
    log.series.some((s) => s.role === "loss" || s.role === "validation"),
  );
  const [only] = runs;
  if (only && runs.length === 1) return only;
  throw new SteepestError("usage", `--baseline ${plain(path)} holds ${runs.length} runs with a loss`, {
    help: "name the log of one run that is known to be good",
  });
}

function pathsOf(args: readonly string[]): readonly string[] {
  if (args.filter((a) => a === "-").length > 1) {
    throw new SteepestError("usage", "standard input is named twice", { help: "write - once" });
  }
  if (args.length > 0) return args;
  // a terminal or /dev/null gives no log
  const input = fstatSync(0);
  if (input.isFIFO() || input.isFile() || input.isSocket()) return ["-"];
  throw new SteepestError("usage", "no log is named", {
    help: "name files or folders, or pipe a log in: steepest diagnose runs/, python train.py | steepest diagnose -",
  });
}

interface Reading {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly receivers: Receivers;
  readonly signal: AbortSignal;
}

async function readLogs(
  paths: readonly string[],
  { watch, loss, lr, step, ascii }: Options,
  { terminal, json, receivers, signal }: Reading,
): Promise<RunLog[]> {
  const columns = { loss, lr, step };
  const follow: FollowOptions = {
    ...columns,
    live: watch === true,
    signal,
    onNote: (text) => terminal.note(`note: ${plain(text)}`),
    onAlert: alertPrinter({ terminal, receivers, toStdout: watch === true && !json, ascii: ascii === true }),
  };
  let skipped = 0;
  const onSkip = (path: string, reason: string): void => {
    if (++skipped <= SKIPS_SHOWN) terminal.note(`note: ${plain(path)} is left out: ${plain(reason)}`);
  };
  const logs = new Map<string, RunLog[]>();
  if (watch) {
    // a wrong path or a file that is no log is said now, not after hours
    const files = paths.filter((p) => p !== "-" && pipeAt(p) === null);
    if (files.length > 0) await readLogPaths(files, { ...columns, onSkip, signal });
    skipped = Number.NEGATIVE_INFINITY;
    const named = paths.filter((p) => p !== "-").map(plain);
    if (!json && named.length > 0)
      terminal.note(`watching ${named.join(", ")}; Ctrl-C ends with the diagnosis`);
    for (const [path, found] of await followAll(paths, follow)) logs.set(path, found);
  } else if (paths.includes("-")) logs.set("-", await followStream(process.stdin, follow));
  const found: RunLog[] = [];
  for (const path of paths) {
    // Ctrl-C while files are read: what has been read is diagnosed
    if (!watch && signal.aborted && found.length > 0) break;
    const reading = { ...columns, onSkip, ...(!watch && { signal }) };
    found.push(...(logs.get(path) ?? (await readLogPaths([path], reading))));
  }
  if (skipped > SKIPS_SHOWN) terminal.note(`note: ${skipped - SKIPS_SHOWN} more files are left out`);
  return found;
}

/** One line an alert; receivers are told of what calls for somebody, not for events that have passed. */
function alertPrinter({
  terminal,
  receivers,
  toStdout,
  ascii,
}: {
  terminal: Terminal;
  receivers: Receivers;
  toStdout: boolean;
  ascii: boolean;
}): OnAlert {
  return (finding: Finding, log: RunLog) => {
    const line = alertLine(finding, log, { colors: terminal.colors, ascii });
    if (toStdout) terminal.print(line);
    else terminal.note(line);
    if (finding.severity !== "info") receivers.alert(finding, log);
  };
}

/** What the readers noticed; the same note about many runs once. */
function noteAll(logs: readonly RunLog[], terminal: Terminal): void {
  const about = new Map<string, string[]>();
  for (const log of logs)
    for (const note of log.notes) about.set(note.text, [...(about.get(note.text) ?? []), nameOf(log)]);
  for (const [text, names] of about) {
    const others = names.length > 1 ? ` and ${names.length - 1} more` : "";
    terminal.note(`note: ${names[0]}${others}: ${plain(text)}`);
  }
}
