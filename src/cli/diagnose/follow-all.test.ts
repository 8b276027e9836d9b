import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { followAll } from "./follow-all.ts";

test.skipIf(process.platform === "win32")(
  "a pipe and a file are followed side by side until the signal",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "steepest-follow-"));
    const [pipe, file] = [join(folder, "pipe"), join(folder, "file.log")];
    execFileSync("mkfifo", [pipe]);
    const line = (i: number, loss: string): string => `step ${i} loss ${loss}\n`;
    const head = Array.from({ length: 40 }, (_, i) => line(i, (2 / (i + 1)).toFixed(3))).join("");
    writeFileSync(file, head);
    const stop = new AbortController();
    const told = new Set<string>();
    const following = followAll([pipe, file], {
      live: true,
      signal: stop.signal,
      onNote: (text) => told.add(text),
      onAlert: ({ id }, { source }) => told.add(`${id} ${source}`),
    });
    appendFileSync(file, line(40, "nan"));
    // a reader is there: this does not wait
    appendFileSync(pipe, head + line(40, "nan"));
    while (told.size < 2) await sleep(20);
    stop.abort();
    const logs = await following;
    expect([...told].sort()).toEqual([`non-finite ${file}`, `non-finite ${pipe}`]);
    expect([...logs.keys()]).toEqual([pipe]);
    expect(logs.get(pipe)![0]!.series[0]!.values).toHaveLength(41);
  },
);
