/** `steepest run -- COMMAND`: somebody's program under the watch: alerts as they happen, the diagnosis at the end. */
import { diagnose, type Finding, rules } from "../../diagnose/index.ts";
import { type Judged, toJson } from "../../diagnose/words.ts";
import type { RunLog } from "../../logs/index.ts";
import { refusePipe } from "../../logs/node-fifo.ts";
import { SteepestError } from "../../run/errors.ts";
import { plain } from "../../run/plain.ts";
import type { Invocation } from "../command.ts";
import { alertLine } from "../diagnose/alert.ts";
import { createReceivers, type ReceiverFlags } from "../diagnose/receivers.ts";
import { report } from "../diagnose/report.ts";
import { writePage, writePlot } from "../diagnose/write.ts";
import { requireFolderOf, requirePlotFile } from "../plot-path.ts";
import { passOn } from "../program/output.ts";
import { type Ending, exitCodeOf, type Program, startProgram } from "../program/process.ts";
import { forwardSignals } from "../program/signals.ts";
import type { StopOn } from "../program/stop-on.ts";
import { watchProgram } from "../program/watching.ts";
import { look } from "../terminal.ts";

interface Options extends ReceiverFlags {
  readonly log?: readonly string[];
  readonly loss?: string;
  readonly lr?: string;
  readonly step?: string;
  readonly stopOn?: StopOn;
  readonly report?: string;
  readonly plot?: string;
  readonly ascii?: true;
}

export async function run({
  args,
  program: command,
  options: given,
  terminal,
  json,
}: Invocation): Promise<number> {
  const options = given as Options;
  if (args.length > 0 || command === null || command.length === 0) {
    throw new SteepestError("usage", "no program is given", {
      help: "write it after --, for example: steepest run -- python train.py",
    });
  }
  const { log, loss, lr, step } = options;
  checkPaths(options);
  const receivers = createReceivers(options, (text) => terminal.note(`warning: ${plain(text)}`));
  const program = await startProgram(command, {
    // a terminal belongs to one session, and the program has its own
    stdio: [process.stdin.isTTY ? "ignore" : "inherit", "pipe", "pipe"],
  });
  const release = forwardSignals(program);
  const { lines } = passOn([
    { from: program.child.stdout!, to: json ? process.stderr : process.stdout },
    { from: program.child.stderr!, to: process.stderr },
  ]);
  const stop = createStop(options.stopOn, program);
  const onAlert = (finding: Finding, about: RunLog): void => {
    terminal.note(alertLine(finding, about, { colors: terminal.colors, ascii: options.ascii === true }));
    if (finding.severity !== "info") receivers.alert(finding, about);
    stop.look(finding);
  };
  const onNote = (text: string): void => terminal.note(`note: ${plain(text)}`);
  const { ending, logs } = await watchProgram({
    program,
    lines,
    name: command.join(" "),
    paths: log,
    ...{ loss, lr, step },
    onAlert,
    onNote,
  });
  release();
  for (const text of endingNotes(ending, stop.by())) onNote(text);

  const diagnosis = diagnose(logs);
  const judged = diagnosis.runs.map((r, i): Judged => ({ log: logs[i]!, run: r }));
  if (judged.length > 0) {
    if (options.report !== undefined) await writePage(options.report, judged, terminal);
    if (options.plot !== undefined) await writePlot(options.plot, judged, terminal);
    if (!json) terminal.note(`\n${report(judged, look(terminal, options))}`);
  }
  if (json) terminal.print(toJson(diagnosis));
  receivers.ended(`training ended: ${endWords(ending)}`, judged);
  await receivers.settled();
  return stop.by() === null ? exitCodeOf(ending) : 1;
}

/** What is written at the end must not fail there, after hours. */
function checkPaths({ report: page, plot, log }: Options): void {
  for (const path of log ?? []) refusePipe(path);
  if (plot !== undefined) requirePlotFile(plot);
  if (page !== undefined) requireFolderOf(page);
}

interface Stop {
  /** Ends the program when the finding is of the kind waited for. */
  readonly look: (finding: Finding) => void;
  readonly by: () => Finding | null;
}

const NOT_FINITE = new Set(
  rules.filter((r) => r.alerts === "value" || r.alerts === "iterations").map((r) => r.name),
);

const STOPS: Readonly<Record<StopOn, (finding: Finding) => boolean>> = {
  critical: (f) => f.severity === "critical",
  divergence: (f) => f.id === "divergence" && f.severity === "critical",
  "non-finite": (f) => NOT_FINITE.has(f.id) && f.severity === "critical",
};

function createStop(on: StopOn | undefined, { end }: Program): Stop {
  let by: Finding | null = null;
  return {
    look(finding) {
      if (by !== null || on === undefined || !STOPS[on](finding)) return;
      by = finding;
      void end();
    },
    by: () => by,
  };
}

const endWords = ({ code, signal }: Ending): string => (code === null ? `by ${signal}` : `exit code ${code}`);

function endingNotes(ending: Ending, stoppedBy: Finding | null): string[] {
  const notes: string[] = [];
  if (stoppedBy !== null) notes.push(`the program was ended by --stop-on, for ${stoppedBy.id}`);
  else if (ending.code !== 0) notes.push(`the program ended with ${endWords(ending)}`);
  if (ending.leftBehind) notes.push("processes that the program had left behind were ended");
  return notes;
}
