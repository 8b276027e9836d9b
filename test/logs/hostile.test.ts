/** Small hostile or damaged logs: what they claim is checked before it is believed, and no row is lost without a word. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  bytesOf,
  concat,
  curves,
  eventOf,
  eventVersion,
  field,
  noteIds,
  read,
  simpleScalar,
} from "./helpers.ts";

const hostile = (name: string): Uint8Array => readFileSync(join(import.meta.dirname, "hostile", name));

describe("an event file's lengths", () => {
  test("a tag of 2³²−1 bytes in a file of 60: refused, and not hashed byte by byte", async () => {
    await expect(read(hostile("events.out.tfevents.1-long-tag"))).rejects.toMatchObject({ id: "no-metrics" });
  });

  const claims = (no: number): Uint8Array =>
    Uint8Array.from([...field.varint(no, 0).slice(0, -1), 0xff, 0xff, 0xff, 0xff, 0x0f]).map((b, i) =>
      i === 0 ? (b & 0xf8) | 2 : b,
    );
  test.each([
    ["tag", 1],
    ["tensor", 8],
    ["metadata", 9],
  ])("a %s that claims more than its value holds is left out, the others are read", async (_, no) => {
    const [log] = await read(
      concat(
        eventVersion,
        simpleScalar(1, "loss", 3),
        eventOf(2, concat(field.float(2, 2.5), claims(no))),
        simpleScalar(3, "loss", 2),
      ),
    );
    expect(curves(log)).toEqual({
      "loss:loss": [
        [1, 3],
        [3, 2],
      ],
    });
    expect(noteIds(log)).toContain("corrupt-record");
  });
});

describe("quotes in a table", () => {
  test("an inch in a cell is text: all 300 rows are there", async () => {
    const [log] = await read(hostile("one-quote-in-a-cell.csv"));
    expect(log?.series.find((s) => s.role === "loss")?.values.length).toBe(300);
  });

  test("a quoted cell may go on over lines", async () => {
    const [log] = await read('step,loss,note\n0,3,"two\nlines, ""quoted"""\n1,2,ok\n2,1,ok\n');
    expect(curves(log)["loss:loss"]).toEqual([
      [0, 3],
      [1, 2],
      [2, 1],
    ]);
  });

  test.each([3, 5000])("a quote that never closes costs no row (%i rows) and is said", async (rows) => {
    const line = (i: number): string => `${i},${rows - i},${i === 1 ? '"open' : "ok"}`;
    const text = `step,loss,note\n${Array.from({ length: rows }, (_, i) => line(i)).join("\n")}\n`;
    const [log] = await read(text);
    expect(log?.series.find((s) => s.role === "loss")?.values.length).toBe(rows);
    expect(noteIds(log)).toContain("stray-quote");
  });
});

test("brackets nested 6,000 deep are refused", async () => {
  await expect(read(hostile("nested-6000.jsonl"))).rejects.toMatchObject({ id: "no-metrics" });
  await expect(read(bytesOf(`${'{"a":'.repeat(6000)}1${"}".repeat(6000)}\n`))).rejects.toMatchObject({
    name: "SteepestError",
  });
});
