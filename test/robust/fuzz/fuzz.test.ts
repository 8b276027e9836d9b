/** The short form of `npm run fuzz`: a few damaged files through every reader. What is refused is refused in words. */
import { expect, test } from "vitest";
import { inputOf, problemOf } from "./child.ts";
import { TARGETS } from "./targets.ts";

const INPUTS = 8;

test.each(TARGETS.map((target) => [target.name, target] as const))("%s", async (_, target) => {
  for (const bytes of await target.seeds()) expect(await problemOf(target, bytes)).toBeNull();
  for (let n = 0; n < INPUTS; n++)
    expect(await problemOf(target, await inputOf(target, 20_261_127, n)), `input ${n}`).toBeNull();
});
