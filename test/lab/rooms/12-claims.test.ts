/** Room 12: claims are run in the page, and what they show is what the library measures. */
import { expect, test } from "vitest";
import { wasm } from "../../../src/engine/backends/wasm.ts";
import { claims, runClaim } from "../../../src/lesson/claims.ts";
import { lessonContext } from "../../../src/lesson/context.ts";
import { describeLab, inspect, settledHash } from "../harness.ts";

describeLab("room 12, claims", (lab) => {
  test("a button runs a claim, and shows what the library measures", async () => {
    const row = claims.find((c) => c.name === "C15")!;
    const { result } = await runClaim(row, lessonContext({ backend: wasm }));
    // less motion: what the room tries by itself is tried all the same
    const page = await lab.open("#/claims", { reducedMotion: true });
    await page.locator("[data-measured='walkthrough-gd-0.001']").waitFor();
    expect(await page.locator("ol > li").count()).toBe(claims.length);
    await page.getByRole("button", { name: "Try C15", exact: true }).press("Enter");
    const measured = page.locator("[data-measured=C15]");
    await measured.waitFor();
    expect(await measured.textContent()).toBe(result.summary);
    expect(await settledHash(page)).toBe("#/claims?run=C15");
  });

  test("an address that names claims runs them; groups filter; a wrong name is said", async () => {
    const page = await lab.open("#/claims?run=C10,C22&group=schedules");
    await page.locator("[data-measured=C22]").waitFor();
    expect(await page.locator("ol > li").count()).toBe(claims.filter((c) => c.group === "schedules").length);
    const other = await lab.open("#/claims?run=C99");
    await other.getByText('the lesson has no claim "C99"').waitFor();
  });

  test("is readable by everybody", () =>
    inspect(lab, "#/claims?run=C15,C22,C9", {
      name: "12-claims",
      ready: async (p) => {
        for (const id of ["C15", "C22", "C9"]) await p.locator(`[data-measured=${id}]`).waitFor();
      },
    }));
});
