/** A short form of the loop in kill-trials.ts; each row's moment was drawn once. */
import { describe, expect, test } from "vitest";
import { folder } from "../cli/steepest.ts";
import { type Attempt, attempts, createWorkplace, killAndResume } from "./kill-trials.ts";

const drawn = attempts(4, 7);

test("the rows end a search by every signal, and a comparison too", () => {
  expect(new Set(drawn.map((a) => a.signal)).size).toBe(3);
  expect(drawn.map((a) => a.verb)).toContain("compare");
});

describe.skipIf(process.platform !== "linux")("whatever ends steepest", () => {
  const place = createWorkplace(folder());
  test.each(drawn.map((a): [string, Attempt] => [`${a.verb}, ${a.signal}`, a]))(
    "%s: no process is left, nothing that had ended is run again, --resume comes to the same table",
    async (_, attempt) => {
      const { code, kept, faults } = await killAndResume(place, attempt);
      expect(faults).toEqual([]);
      // a search that had come to its end was not ended
      if (code !== 0) expect(kept).toBeGreaterThanOrEqual(attempt.records);
    },
  );
});
