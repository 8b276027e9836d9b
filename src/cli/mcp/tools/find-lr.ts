import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inputRequired, inputResponse, type ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { SteepestError } from "../../../run/errors.ts";
import { nullWhenAborted } from "../../../run/long-work.ts";
import { fillWord } from "../../program/template.ts";
import { type FindOptions, type Prepared, prepare, searchProgram } from "../../search/find.ts";
import { chartOf, documentOf, outcomeOf, type ProgramFindLr } from "../../search/report.ts";
import { createTerminal } from "../../terminal.ts";
import type { Folders } from "../folders.ts";
import { startProgress } from "../progress.ts";
import { type Answer, answerOf, defineTool, type Host, type Tool } from "../tool.ts";

const positive = z.number().positive();
const count = z.number().int().min(1);

const input = z.object({
  command: z
    .array(z.string())
    .min(1)
    .describe(
      'program and arguments, no shell: ["python", "train.py", "--lr", "{lr}", "--seed", "{seed}"]. Blanks: {lr}, {seed}, ' +
        "{steps}, {out} (a folder of this training alone). Without them the program may read STEEPEST_LR, STEEPEST_SEED …",
    ),
  lr: positive.optional().describe("rate of the first training; default 1e-3"),
  from: positive.optional().describe("try no lower rate"),
  to: positive.optional().describe("try no higher rate"),
  budget: positive.max(1000).optional().describe("whole trainings that the search may cost; default 12"),
  minutes: positive.optional().describe("begin nothing new after so many minutes"),
  steps: positive.optional().describe("steps of a training, as its log counts them; default: until it ends"),
  seed: z.number().int().min(0).optional().describe("the first seed; default 0"),
  seeds: count.max(100).optional().describe("seeds of the best rates; default 3"),
  jobs: count.max(256).optional().describe("trainings side by side; default 1"),
  gpus: z.array(z.string()).optional().describe("run each training on one of these GPUs"),
  log: z.array(z.string()).optional().describe("read these files; {out} is the training's own folder"),
  loss: z.string().optional().describe("the series that is the training loss"),
  step: z.string().optional().describe("the column that counts steps"),
  override: z
    .array(z.string())
    .optional()
    .describe(
      "'key: value' written into a copy of the settings file that the command names: 'optimizer.lr: {lr}'",
    ),
  pause: z
    .enum(["stop", "restart", "run"])
    .optional()
    .describe("what a training does while others go on; run: for jobs of a scheduler"),
  out: z.string().optional().describe("folder for all logs; default: a new one, find-lr-NAME"),
  resume: z.boolean().optional().describe("go on with the search in 'out', after an interruption"),
  confirm: z
    .array(z.string())
    .optional()
    .describe(
      "only where the client can't ask its user: the command again, word for word, after the user has agreed to it",
    ),
});
type Input = z.infer<typeof input>;

export const findLr: Tool = defineTool({
  name: "find_lr",
  title: "Find the learning rate of a program",
  description:
    "Runs a training program at one learning rate after another, reads its loss, ends what runs away, continues the best, " +
    "repeats them with other seeds, and suggests a rate with its interval and confidence, or says why there is none. It costs " +
    "about 'budget' whole trainings: give 'steps' or 'minutes' where a training is long. The user has to confirm the command. " +
    "Cancelling ends all trainings; 'resume' goes on with what had ended.",
  input,
  reads: false,
  async call(args, context, host) {
    checkPaths(args, host.folders);
    const asked = confirmation(args, context, host);
    if (asked !== null) return asked;
    return search(args, context, host);
  },
});

/** What the search reads and writes by name lies in the folders; the program itself is its user's. */
function checkPaths({ log = [], out, resume }: Input, folders: Folders): void {
  if (resume === true && out === undefined) {
    throw new SteepestError("usage", "resume needs the folder of the search", {
      help: "give it as 'out': the answer before names it",
    });
  }
  if (out !== undefined) folders.inside(out);
  // a training's folder lies in that of the search
  for (const path of log) folders.inside(path.replaceAll("{out}", join(out ?? "find-lr", "training")));
}

/** What to send instead of an answer while the command is not confirmed; null when it is. */
function confirmation(
  { command, confirm, override = [], budget, steps }: Input,
  context: ServerContext,
  { canAsk, folders }: Host,
): Answer | null {
  const words = command.map(shown).join(" ");
  if (!canAsk(context)) {
    const same = confirm?.length === command.length && confirm.every((word, i) => word === command[i]);
    if (same) return null;
    throw new SteepestError(
      "not-confirmed",
      confirm === undefined ? `the command is not confirmed: ${words}` : "'confirm' is not the command",
      { help: "show the command to the user; when they agree, call again with 'confirm' equal to 'command'" },
    );
  }
  // an agreement holds for these words, these settings and this folder only
  const key = createHash("sha256")
    .update(JSON.stringify([command, override, folders.first]))
    .digest("hex");
  const reply = inputResponse(context.mcpReq.inputResponses, key);
  if (reply.kind === "elicit") {
    if (reply.action === "accept" && reply.content?.["run"] === true) return null;
    throw new SteepestError("not-confirmed", "the user did not agree to run the command", {
      help: "ask the user what to run instead",
    });
  }
  const lines = [
    "Run this program again and again, at different learning rates?",
    words,
    ...override.map((text) => `with the setting ${shown(text)}`),
    `in ${folders.first}, for about ${budget ?? 12} trainings${steps === undefined ? "" : ` of ${steps} steps`}`,
  ];
  return inputRequired({
    inputRequests: {
      [key]: inputRequired.elicit({
        message: lines.join("\n"),
        requestedSchema: z.object({ run: z.boolean().describe("run it") }),
      }),
    },
  });
}

/** A word as it can be read: nothing hidden, nothing that looks like another place. */
const shown = (word: string): string =>
  /^[\w@%+=:,./{}-]+$/.test(word)
    ? word
    : JSON.stringify(word).replace(/[^\P{C}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);

async function search(args: Input, context: ServerContext, host: Host): Promise<Answer> {
  const { command, minutes, confirm: _, resume, ...flags } = args;
  const progress = startProgress(context);
  const options = {
    ...flags,
    ...(minutes !== undefined && { time: minutes * 60_000 }),
    ...(resume === true && { resume }),
    quiet: false,
    terminal: {
      ...createTerminal({ color: false }),
      interactive: false,
      print: progress.note,
      note: progress.note,
    },
  } as FindOptions;
  const signal = AbortSignal.any([context.mcpReq.signal, host.signal]);
  try {
    const prepared = prepare(command, "find-lr", options);
    const found = await nullWhenAborted(signal, () =>
      searchProgram(prepared, { root: prepared.folder, signal, bar: progress.bar }),
    );
    if (found !== null) return await reported(documentOf(outcomeOf(found)), prepared, host.folders);
    throw new SteepestError("interrupted", "the search was interrupted; trainings that had ended are kept", {
      where: host.folders.show(prepared.folder),
      help: "go on with resume: true and this folder as 'out'",
    });
  } finally {
    progress.stop();
  }
}

/** The document in full and the chart are files beside the trainings. */
async function reported(
  found: ProgramFindLr,
  { template, folder, options }: Prepared,
  folders: Folders,
): Promise<Answer> {
  const words = template.command;
  const [full, plot] = [join(folder, "find-lr.json"), join(folder, "find-lr.svg")];
  writeFileSync(full, `${JSON.stringify(found, null, 2)}\n`);
  await (await import("../../../plot/node-save.ts")).savePlot(chartOf(found, words.join(" ")), plot);
  const { suggestion, interval, confidence, reason, refusal, lrDiverged, start, loss, notes } = found;
  const brief = {
    schema: "steepest.find-lr-brief/1",
    suggestion,
    interval,
    confidence,
    reason,
    refusal,
    lrDiverged,
    start,
    loss,
    notes,
    rates: new Set(found.trials.map((t) => t.lr)).size,
    trainings: Number((found.steps / found.length).toPrecision(3)),
    folder: folders.show(folder),
    use:
      suggestion === null
        ? null
        : words.map((word) => fillWord(word, { lr: suggestion, seed: options.seed ?? 0 })),
  };
  return answerOf(JSON.stringify(brief), {
    files: [
      { path: full, name: folders.show(full), mimeType: "application/json" },
      { path: plot, name: folders.show(plot), mimeType: "image/svg+xml" },
    ],
  });
}
