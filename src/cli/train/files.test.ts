import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { diagnose } from "../../diagnose/index.ts";
import { parseRun } from "../../run/parse-run.ts";
import { runLog } from "../../train/log.ts";
import { writeFiles } from "./files.ts";

vi.mock("@resvg/resvg-js", () => {
  throw new Error("no native binding for this platform");
});

test("without resvg the PNG is left out with a reason, and the rest is written", async () => {
  const folder = mkdtempSync(join(tmpdir(), "steepest-"));
  try {
    const log = runLog('{"step":1,"loss":2,"lr":0.1}\n{"step":2,"loss":1,"lr":0.1}\n', "x");
    const spec = parseRun({
      data: { source: "digits" },
      model: { kind: "linear" },
      optimizer: { name: "sgd", lr: 0.1 },
      steps: 2,
    });
    const facts = { spec, headline: "done", results: [], backend: "wasm", parameters: 3 };
    const { written, missing } = await writeFiles(folder, { log, run: diagnose([log]).runs[0]! }, facts);
    expect(written).toEqual(["loss.svg", "report.html"]);
    expect(missing).toEqual([expect.stringMatching(/^loss\.png is left out: ./)]);
    expect(readFileSync(join(folder, "report.html"), "utf8")).toContain("</html>");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
