import { expect, test } from "vitest";
import { nullWhenAborted, systemClock, takeTurns } from "./long-work.ts";

test("a turn is taken when its time has come: progress, then others", async () => {
  let now = 0;
  const told: number[] = [];
  let paused = 0;
  const clock = { now: () => now, pause: async () => void paused++ };
  const turn = takeTurns({ clock, onProgress: (n: number) => told.push(n) }, 50);
  for (let i = 0; i < 10; i++) {
    now += 20;
    await turn(() => i);
  }
  expect(told).toEqual([2, 5, 8]);
  expect(paused).toBe(3);
});

test("aborted before or during a turn, it throws; the work around gives null, other errors pass", async () => {
  const stop = new AbortController();
  const turn = takeTurns({ signal: stop.signal, onProgress: () => stop.abort() }, 0);
  expect(await nullWhenAborted(stop.signal, async () => turn(() => 1))).toBeNull();
  expect(() => turn(() => 2)).toThrow(expect.objectContaining({ name: "AbortError" }));
  const broken = nullWhenAborted(undefined, () => Promise.reject(new Error("no room")));
  await expect(broken).rejects.toThrow("no room");
});

test("the system's pause lets timers and messages run", async () => {
  let ran = false;
  setImmediate(() => (ran = true));
  await systemClock.pause();
  expect(ran).toBe(true);
});
