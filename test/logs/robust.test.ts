/** Any bytes are read or refused with a SteepestError; encodings, pieces and sizes change nothing. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReader, type RunLog, readLog } from "../../src/logs/index.ts";
import { SteepestError } from "../../src/run/errors.ts";
import {
  bytesOf,
  concat,
  curves,
  eventVersion,
  noteIds,
  read,
  readInPieces,
  simpleScalar,
  wandbFile,
  wandbHistory,
} from "./helpers.ts";

const TEXTS: Record<string, string> = {
  csv: "epoch,step,loss,lr,val_loss\n0,1,2.5,0.1,\n0,2,nan,0.1,\n1,3,1.5,0.1,2\n",
  jsonl: '{"step": 1, "loss": 2.5}\n{"step": 2, "loss": NaN}\n{"step": 3, "loss": 1.5}\n',
  state:
    '{"log_history": [{"loss": 2.5, "step": 1}, {"loss": 1.5, "step": 2, "note": "a\\"b"}], "max_steps": 2}',
  console: "iter 1: loss 2.5, lr 1e-3\niter 2: loss 1.5, lr 1e-3\nstep 2: train loss 2, val loss 2.2\n",
  mlflow: "1664364007310 0.75 0\n1664364007320 0.5 1\n",
  quoted: '"Step","a - loss","a - loss__MIN"\n"0","2.5","2"\n"1","1.5","1"\n',
};
const BINARIES: Record<string, Uint8Array> = {
  tfevents: concat(eventVersion, ...[1, 2, 3].map((s) => simpleScalar(s, "train/loss", 3 - s))),
  wandb: wandbFile([0, 1, 2].map((i) => wandbHistory({ loss: `${3 - i}`, _step: `${i}` }))),
};
const ALL: [string, Uint8Array][] = [
  ...Object.entries(TEXTS).map(([name, text]): [string, Uint8Array] => [name, bytesOf(text)]),
  ...Object.entries(BINARIES),
];

const strip = (logs: readonly RunLog[]): unknown =>
  logs.map((log) => [log.format, log.run, log.stepUnit, curves(log)]);

/** Read or refused; whatever is read keeps the record's promises. */
function readOrRefuse(bytes: Uint8Array, size = 4096): void {
  let logs: RunLog[];
  try {
    logs = readInPieces(bytes, size);
  } catch (error) {
    expect(error).toBeInstanceOf(SteepestError);
    return;
  }
  for (const log of logs) {
    expect(log.series.length).toBeGreaterThan(0);
    for (const s of log.series) {
      expect(s.steps.length).toBe(s.values.length);
      for (let i = 1; i < s.steps.length; i++) expect(s.steps[i]! >= s.steps[i - 1]!).toBe(true);
    }
  }
}

describe("any bytes are read or refused", () => {
  test("random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => readOrRefuse(bytes)),
      { numRuns: 500 },
    );
  });

  test("random text made of what logs are made of", () => {
    const word = fc.constantFrom(
      ..."loss lr step epoch nan inf -inf 1 0 -3.5 1e9 1e-5 : = , | / ( ) [ ] { } ' \" \n \r \t % _ . - # \\ \u0000 \u001b[0m é 损失 train val iter 12/300 None".split(
        " ",
      ),
      " ",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 120 }), fc.integer({ min: 1, max: 50 }), (words, size) =>
        readOrRefuse(bytesOf(words.join("")), size),
      ),
      { numRuns: 1500 },
    );
  });

  test.each(ALL)("%s with bytes changed, cut out and repeated", (_, bytes) => {
    const edit = fc.record({ at: fc.nat(bytes.length - 1), byte: fc.nat(255), drop: fc.nat(8) });
    fc.assert(
      fc.property(
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 64 }),
        (edits, size) => {
          let damaged: Uint8Array = bytes.slice();
          for (const { at, byte, drop } of edits) {
            damaged[at % damaged.length] = byte;
            damaged = concat(damaged.subarray(0, at), damaged.subarray(Math.min(damaged.length, at + drop)));
            if (damaged.length === 0) return;
          }
          readOrRefuse(damaged, size);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("tables of random cells", () => {
    const cell = fc.oneof(
      fc.double().map(String),
      fc.constantFrom("", "NA", "nan", "x", '"q,1"', "[1, 2]", "1e400"),
    );
    const row = fc.array(cell, { minLength: 1, maxLength: 5 }).map((cells) => cells.join(","));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) =>
        readOrRefuse(bytesOf(`step,loss,lr,val_loss\n${rows.join("\n")}`)),
      ),
      { numRuns: 300 },
    );
  });
});

test.each(ALL)("%s: one byte at a time reads as all at once", async (_, bytes) => {
  const whole = strip(await readLog(bytes, { source: "made" }));
  expect(strip(readInPieces(bytes, 1))).toEqual(whole);
  expect(strip(readInPieces(bytes, 7))).toEqual(whole);
});

describe("encodings", () => {
  const utf16 = (text: string, little: boolean, mark: boolean): Uint8Array => {
    const out = new Uint8Array((text.length + (mark ? 1 : 0)) * 2);
    const view = new DataView(out.buffer);
    let at = 0;
    if (mark) view.setUint16(2 * at++, 0xfeff, little);
    for (const c of text) view.setUint16(2 * at++, c.charCodeAt(0), little);
    return out;
  };
  test.each(Object.entries(TEXTS))("%s: CRLF, byte-order mark, UTF-16", async (_, text) => {
    const plain = strip(await read(text));
    expect(strip(await read(text.replaceAll("\n", "\r\n")))).toEqual(plain);
    expect(strip(await read(`\ufeff${text}`))).toEqual(plain);
    for (const little of [true, false]) {
      expect(strip(await read(utf16(text, little, true)))).toEqual(plain);
      expect(strip(await read(utf16(text, little, false)))).toEqual(plain);
    }
  });

  test("GBK: names come through, and trailing bytes that look like delimiters do no harm", async () => {
    // 步,训练损失 and a column 貄 (D8 7C: its second byte is a vertical bar) in GBK, as Python encodes them
    const header = [0xb2, 0xbd, 0x2c, 0xd1, 0xb5, 0xc1, 0xb7, 0xcb, 0xf0, 0xca, 0xa7, 0x2c, 0xd8, 0x7c];
    const [log] = await read(concat(Uint8Array.from(header), bytesOf("\n1,2.5,7\n2,1.5,8\n")));
    expect(log!.series.map((s) => [s.role, s.name])).toEqual([
      ["loss", "训练损失"],
      ["other", "貄"],
    ]);
    expect(log!.series[0]!.steps).toEqual(Float64Array.of(1, 2));
  });

  test("bytes of no encoding at all", async () => {
    const [log] = await read(concat(Uint8Array.of(0x81, 0xff, 0x20), bytesOf("\nstep 1 loss 2.5\n")));
    expect(curves(log)["loss:loss"]).toEqual([[1, 2.5]]);
  });
});

describe("gzip", () => {
  test.each(ALL)("%s, by its magic bytes", async (_, bytes) => {
    expect(strip(await read(gzipSync(bytes)))).toEqual(strip(await read(bytes)));
  });

  test("a stream that breaks off is read as far as it goes; no stream at all is refused", async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i},${Math.sin(i)}`).join("\n");
    const packed = gzipSync(`step,loss\n${rows}`);
    const [log] = await read(packed.subarray(0, packed.length >> 1));
    expect(noteIds(log)).toContain("cut-gzip");
    expect(log!.series[0]!.values.length).toBeGreaterThan(1000);
    await expect(read(Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2))).rejects.toMatchObject({ id: "bad-gzip" });
  });
});

describe("following", () => {
  test.each(Object.entries(TEXTS).filter(([name]) => ["csv", "jsonl", "console", "mlflow"].includes(name)))(
    "%s: a snapshot after each complete line has that line's point",
    (_, text) => {
      const reader = createReader({ source: "made" });
      const points = (): number =>
        reader.snapshot().reduce((n, log) => n + (log.series[0]?.steps.length ?? 0), 0);
      let before = 0;
      let grown = 0;
      for (const line of text.split(/(?<=\n)/)) {
        const half = line.length >> 1;
        reader.push(bytesOf(line.slice(0, half)));
        expect(points()).toBe(before);
        reader.push(bytesOf(line.slice(half)));
        if (points() > before) grown++;
        before = points();
      }
      expect(grown).toBeGreaterThanOrEqual(2);
    },
  );

  test("an event file: a snapshot after each record", () => {
    const reader = createReader({ source: "made" });
    reader.push(eventVersion);
    for (let step = 0; step < 5; step++) {
      const record = simpleScalar(step, "loss", step);
      reader.push(record.subarray(0, 20));
      reader.push(record.subarray(20));
      expect(reader.snapshot()[0]!.series[0]!.values).toHaveLength(step + 1);
    }
  });
});

describe("bounded memory", () => {
  test("a long series is thinned: ends, extremes and NaN stay, and a note says so", async () => {
    const n = 20_000;
    const value = (i: number): string =>
      i === 7777 ? "1e9" : i === 12_345 ? "nan" : i === 15_001 ? "-5" : `${2 + Math.sin(i)}`;
    const rows = Array.from({ length: n }, (_, i) => `${i},${value(i)}`).join("\n");
    const [log] = await read(`step,loss\n${rows}\n`, { maxPoints: 1000 });
    const { steps, values } = log!.series[0]!;
    expect(values.length).toBeLessThan(1100);
    expect(values.length).toBeGreaterThan(300);
    expect(Math.max(...values.filter((v) => !Number.isNaN(v)))).toBe(1e9);
    expect(Math.min(...values.filter((v) => !Number.isNaN(v)))).toBe(-5);
    expect(steps[values.findIndex(Number.isNaN)]).toBe(12_345);
    expect([steps[0], steps[steps.length - 1]]).toEqual([0, n - 1]);
    expect(noteIds(log)).toContain("thinned");
  });

  test("thousands of names and restarts are bounded and said", async () => {
    const lines = Array.from({ length: 6000 }, (_, i) => `{"step": ${i}, "loss": 1, "name${i}": 1}`).join(
      "\n",
    );
    const [log] = await read(lines);
    expect(log!.series.length).toBeLessThanOrEqual(4096);
    expect(noteIds(log)).toContain("too-many-series");
    const restarts = await read(`step,loss\n${"0,1\n1,2\n".repeat(3000)}`);
    expect(restarts.length).toBeLessThanOrEqual(1000);
    expect(noteIds(restarts[0])).toContain("too-many-runs");
  });

  test("a line without end does not stay in memory", async () => {
    const junk = "x".repeat(9 << 20);
    const [log] = await read(`step 1 loss 2\n${junk}\nstep 2 loss 1\n`);
    expect(curves(log)["loss:loss"]).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(noteIds(log)).toContain("long-lines");
  });
});
