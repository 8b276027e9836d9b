/** The file of steepest_probe.py (src/probe): its first line says what trains, the others what was measured at a step. */
import { z } from "zod";
import { parseRecord } from "../../logs/loose-json.ts";
import { SteepestError } from "../../run/errors.ts";

export interface ProbeHead {
  /** PyTorch's name of the class. */
  readonly optimizer: string;
  readonly groups: readonly { readonly name: string; readonly lr: number; readonly parameters: number }[];
  readonly parameters: number;
  /** Batches that make one step, and processes that make it together. */
  readonly accumulate: number;
  readonly processes: number;
}

const headSchema: z.ZodType<ProbeHead> = z.object({
  schema: z.literal("steepest.probe/1"),
  optimizer: z.string(),
  groups: z.array(z.object({ name: z.string(), lr: z.number(), parameters: z.number() })).min(1),
  parameters: z.number(),
  accumulate: z.number().int().positive(),
  processes: z.number().int().positive(),
});

export interface ProbeFile {
  readonly head: ProbeHead;
  /** Every line with a step, by its keys; numbers that are not finite are kept. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** @throws SteepestError naming file and line where this is no probe's file. */
export function parseProbe(text: string, source: string): ProbeFile {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const head = headSchema.safeParse(parseRecord(lines[0] ?? ""));
  if (!head.success) {
    throw new SteepestError("not-a-probe", "this is no file of steepest_probe.py", {
      where: source,
      help: "name the file that Probe writes; a log without curvature is for steepest diagnose",
    });
  }
  const rows: Readonly<Record<string, unknown>>[] = [];
  for (const [i, line] of lines.entries()) {
    const row = parseRecord(line);
    if (row !== null && typeof row["step"] === "number") rows.push(row);
    // a file that is being written ends anywhere, and one that was gone on with has a second head
    else if (i < lines.length - 1 && row?.["schema"] === undefined) {
      throw new SteepestError("not-a-probe", `line ${i + 1} has no step`, {
        where: source,
        help: "each line is a JSON object as the probe writes it: remove what is not",
      });
    }
  }
  return { head: head.data, rows };
}

/** The values of a key, with their steps; what is not finite is left out. */
export function columnOf(rows: ProbeFile["rows"], key: string): { step: number; value: number }[] {
  return rows.flatMap((row) => {
    const value = row[key];
    return typeof value === "number" && Number.isFinite(value)
      ? [{ step: row["step"] as number, value }]
      : [];
  });
}
