/** `steepest lesson`: runs claims of the lesson and prints claimed against measured. */

import { join } from "node:path";
import { chooseBackend } from "../../engine/registry.ts";
import { isMap, type Settings } from "../../lesson/claim.ts";
import { type ClaimRow, claims, type RanClaim, runClaim, selectClaims } from "../../lesson/claims.ts";
import { lessonContext } from "../../lesson/context.ts";
import { closest, SteepestError } from "../../run/errors.ts";
import { systemClock } from "../../run/long-work.ts";
import type { Invocation } from "../command.ts";
import { catchInterrupt } from "../interrupt.ts";
import { type Failure, list, report, verdictWords } from "../lesson/report.ts";
import { makePlotFolder } from "../plot-path.ts";
import { createBar } from "../progress.ts";
import { look, showSeconds, type Terminal } from "../terminal.ts";

export async function run({ options, terminal, json }: Invocation): Promise<number | undefined> {
  const rows = typeof options["only"] === "string" ? selectClaims(options["only"]) : claims;
  const shown = look(terminal);
  if (options["list"] === true) {
    const all = rows.map(({ name: id, about: title, group }) => ({ id, title, group }));
    terminal.print(
      json ? JSON.stringify({ schema: "steepest.lesson-list/1", claims: all }) : list(rows, shown),
    );
    return;
  }
  const settings = parseSettings(options["set"], rows);
  const folder = typeof options["plot"] === "string" ? options["plot"] : null;
  if (folder !== null) makePlotFolder(folder);
  const backend = await chooseBackend("auto");

  const { ran, failures, interrupted } = await runAll(rows, settings, {
    backend,
    terminal,
    quiet: options["quiet"] === true,
  });
  const files = folder === null ? [] : await writeFigures(ran, folder);
  const results = ran.map((r) => r.result);
  if (json) {
    terminal.print(
      JSON.stringify(
        {
          schema: "steepest.lesson/1",
          backend: backend.name,
          claims: results,
          failed: failures,
          figures: files,
        },
        (_, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value),
      ),
    );
  } else {
    if (results.length > 0) terminal.print(report(results, shown));
    if (files.length > 0) terminal.print(`figures in ${folder}: ${files.join(", ")}`);
  }
  for (const { id, reason } of failures) terminal.note(`error[claim]: ${id} could not be run: ${reason}`);
  if (interrupted) {
    terminal.note(`interrupted after ${results.length} of ${rows.length} claims`);
    return 130;
  }
  return failures.length > 0 ? 1 : undefined;
}

interface AllRun {
  readonly ran: readonly RanClaim[];
  readonly failures: readonly Failure[];
  readonly interrupted: boolean;
}

/** One claim after the other, a line for each; a first SIGINT ends with what is done, a second one at once. */
async function runAll(
  rows: readonly ClaimRow[],
  settings: ReadonlyMap<string, Settings>,
  {
    backend,
    terminal,
    quiet,
  }: { backend: Awaited<ReturnType<typeof chooseBackend>>; terminal: Terminal; quiet: boolean },
): Promise<AllRun> {
  const interrupt = catchInterrupt();
  const bar = createBar({ terminal, quiet, total: 100 * rows.length });
  const ran: RanClaim[] = [];
  const failures: Failure[] = [];
  try {
    for (const [i, row] of rows.entries()) {
      const started = systemClock.now();
      const label = `${row.name}  ${row.about}`;
      const onProgress = (done: number): void =>
        bar.update(Math.round(100 * (i + done)), label, {
          line: `${label}, ${Math.round(100 * done)}% done`,
        });
      onProgress(0);
      try {
        const context = lessonContext({ backend, signal: interrupt.signal, onProgress });
        ran.push(await runClaim(row, context, settings.get(row.name) ?? {}));
        const { verdict } = ran.at(-1)!.result;
        const seconds = showSeconds((systemClock.now() - started) / 1000);
        if (!quiet) bar.note(`${i + 1}/${rows.length}  ${label}: ${verdictWords(verdict)} (${seconds})`);
        await context.pause(1);
      } catch (error) {
        if (interrupt.signal.aborted) break;
        // a wrong setting is the caller's mistake, not the experiment's
        if (error instanceof SteepestError && error.id === "usage") throw error;
        failures.push({ id: row.name, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  } finally {
    bar.stop();
    interrupt.release();
  }
  return { ran, failures, interrupted: interrupt.signal.aborted };
}

/** "C5.lr=20,C12.runs=200" */
function parseSettings(given: unknown, rows: readonly ClaimRow[]): Map<string, Settings> {
  const found = new Map<string, Record<string, number>>();
  if (typeof given !== "string") return found;
  for (const part of given.split(",")) {
    // ids may hold a dot, names and values may not hold an equals sign
    const match = /^\s*(\S+)\.([A-Za-z]\w*)\s*=\s*(\S+)\s*$/.exec(part);
    const value = Number(match?.[3]);
    if (!match || !Number.isFinite(value)) {
      throw new SteepestError("usage", `--set has "${part}"`, {
        help: "write claim.setting=number, as in C5.lr=20",
      });
    }
    const id = match[1]!.toLowerCase();
    const row = rows.find((r) => r.name.toLowerCase() === id);
    if (!row) {
      const near = closest(
        match[1]!,
        rows.map((r) => r.name),
      );
      throw new SteepestError("usage", `--set names ${match[1]!}, which is not among the claims to be run`, {
        help: near ? `did you mean "${near}"?` : "steepest lesson --list shows the ids",
      });
    }
    found.set(row.name, { ...found.get(row.name), [match[2]!]: value });
  }
  return found;
}

/** The lesson's own figure has its size: 8 × 4 inches at 150 dots. */
const SIZES: Readonly<Record<string, { width: number; height: number }>> = {
  lr_effect: { width: 600, height: 300 },
};

async function writeFigures(ran: readonly RanClaim[], folder: string): Promise<string[]> {
  const [{ savePlot, saveSvg }, { renderTrajectories }, { emptyDocument }] = await Promise.all([
    import("../../plot/node-save.ts"),
    import("../../plot/charts/trajectories-draw.ts"),
    import("../../plot/node-svg.ts"),
  ]);
  const files: string[] = [];
  for (const { figures } of ran) {
    for (const [name, picture] of Object.entries(figures())) {
      const file = `${name}.png`;
      const path = join(folder, file);
      if (isMap(picture)) {
        const document = await emptyDocument();
        await saveSvg(() => renderTrajectories(picture, { document }), path);
      } else await savePlot(picture, path, SIZES[name] ?? {});
      files.push(file);
    }
  }
  return files;
}
