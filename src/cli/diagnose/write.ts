/** A diagnosis as files: the page and the plot. */
import { writeFileSync } from "node:fs";
import type { Judged } from "../../diagnose/words.ts";
import { SteepestError } from "../../run/errors.ts";
import type { Terminal } from "../terminal.ts";

export async function writePage(path: string, judged: readonly Judged[], terminal: Terminal): Promise<void> {
  const { reportPage } = await import("./html.ts");
  const page = await reportPage(judged);
  try {
    writeFileSync(path, page);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new SteepestError("not-writable", `the report can't be written (${code})`, {
      where: path,
      help: "name a file in a folder that exists and that you may write to",
      cause,
    });
  }
  terminal.note(`report written to ${path}`);
}

export async function writePlot(path: string, judged: readonly Judged[], terminal: Terminal): Promise<void> {
  const [one, ...others] = judged;
  if (!one || others.length > 0) {
    throw new SteepestError("usage", `--plot draws one run, and ${judged.length} were read`, {
      help: "name one run, or use --report, which draws each of them",
    });
  }
  const [{ lossChart }, { savePlot }] = await Promise.all([
    import("../../plot/index.ts"),
    import("../../plot/node-save.ts"),
  ]);
  await savePlot(lossChart(one.log, { findings: one.run.findings }), path);
  terminal.note(`plot written to ${path}`);
}
