import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createTail } from "../cli/diagnose/tail.ts";
import { pipeAt, readFifo, refusePipe } from "./node-fifo.ts";
import { readLogPaths } from "./node-files.ts";

function makeFifo(): string {
  const path = join(mkdtempSync(join(tmpdir(), "steepest-fifo-")), "log");
  execFileSync("mkfifo", [path]);
  return path;
}

/** Opens for writing once somebody reads. */
async function writer(path: string): Promise<{ write: (text: string) => void; close: () => void }> {
  for (;;) {
    try {
      const file = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return { write: (text) => writeSync(file, text), close: () => closeSync(file) };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENXIO")) throw error;
      await sleep(5);
    }
  }
}

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `step ${from + i} loss ${2 / (from + i + 1)}\n`).join("");

test.skipIf(process.platform === "win32")(
  "a pipe without a writer is waited for, and can be left",
  async () => {
    const path = makeFifo();
    expect(pipeAt(path)).toBe("named");
    expect(() => refusePipe(path)).toThrow("pipe");
    expect(() => createTail(path, {}).look()).toThrow("pipe");
    const stop = new AbortController();
    const reading = readFifo(path, { signal: stop.signal }).next();
    stop.abort();
    expect(await reading).toMatchObject({ done: true });
  },
);

test.skipIf(process.platform === "win32")("one writer's lines are a log; its end is the log's", async () => {
  const path = makeFifo();
  const reading = readLogPaths([path]);
  const { write, close } = await writer(path);
  write(lines(0, 20));
  await sleep(60);
  write(lines(20, 30));
  close();
  const [log] = await reading;
  expect(log!.series.find((s) => s.role === "loss")!.values).toHaveLength(30);
});

test.skipIf(process.platform === "win32")(
  "writers come again; one that died within a line does not spoil the next",
  async () => {
    const path = makeFifo();
    const stop = new AbortController();
    let text = "";
    const reading = (async () => {
      for await (const bytes of readFifo(path, { signal: stop.signal, again: true }))
        text += new TextDecoder().decode(bytes);
    })();
    const first = await writer(path);
    first.write("step 0 loss 2\nstep 1 lo");
    first.close();
    while (!text.endsWith("lo\n")) await sleep(5);
    const second = await writer(path);
    second.write("step 2 loss 1\n");
    second.close();
    while (!text.includes("step 2 loss 1\n")) await sleep(5);
    stop.abort();
    await reading;
    expect(text).toBe("step 0 loss 2\nstep 1 lo\nstep 2 loss 1\n");
  },
);
