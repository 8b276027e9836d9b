/** Room 11: logs of others' runs, read in the page. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { mayBeLog } from "../../../lab/src/rooms/doctor/dropped.ts";
import { diagnose, verdictCell } from "../../../src/diagnose/index.ts";
import { readLog } from "../../../src/logs/index.ts";
import { describeLab, inspect, openDrawers, settledHash } from "../harness.ts";

const real = (name: string): Buffer => readFileSync(new URL(`../../logs/real/${name}`, import.meta.url));
const title = (page: Page) => page.locator(".verdict .title");
const give = (page: Page, ...files: { name: string; buffer: Buffer }[]): Promise<void> =>
  page
    .getByLabel("Drop training logs here")
    .setInputFiles(files.map((f) => ({ mimeType: "text/plain", ...f })));

/** An even fall with a rise at row 60,000, two columns, 3 MB or so. */
function madeCsv(rows: number): Buffer {
  const lines = ["step,train_loss,lr"];
  for (let k = 0; k < rows; k++) {
    const loss = 2.3 * Math.exp(-k / 40_000) + 0.02 * Math.sin(k * 12.9898) + 0.1;
    lines.push(`${k},${loss.toFixed(12)},0.001000`);
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}

test("of a folder only what may be a log is taken", () => {
  const paths = [
    "run/metrics.csv",
    "run/events.out.tfevents.1700.host",
    "run/wandb/run-1.wandb",
    "run/train.LOG",
    "run/trainer_state.json",
    "run/run.json",
    "run/model.safetensors",
    "run/.hidden.csv",
    "run/train.py",
  ];
  expect(paths.filter(mayBeLog)).toEqual(paths.slice(0, 5));
});

describeLab("room 11, doctor", (lab) => {
  test("three runs of one model: the library's verdicts, and the address", async () => {
    const names = [
      "11-csv-cs336-lr1e-4-too-low-but-smooth",
      "12-csv-cs336-lr3e-3-best",
      "13-csv-cs336-lr1e-2-slightly-high",
    ];
    const logs = await Promise.all(names.map((n) => readLog(real(`${n}.csv`), { source: n })));
    const { runs } = diagnose(logs.flat());
    const page = await lab.open("#/doctor");
    await page.locator("tbody .pick").nth(2).waitFor();
    const rows = await page.locator("tr:has(.pick)").allTextContents();
    runs.forEach((run, i) => {
      expect(rows[i]).toContain(
        `${verdictCell(run)}, ${Math.min(99, Math.round(100 * run.confidence))} % sure`,
      );
      expect(rows[i]).toContain(`× ${Number(run.action.lr!.multiply.toPrecision(4))}`);
    });
    await page.getByRole("button", { name: "lr-1e-2.csv" }).press("Enter");
    await page.locator("h2", { hasText: "lr-1e-2.csv" }).waitFor();
    expect(await settledHash(page)).toBe("#/doctor?run=2");
    await page.getByLabel("Judge runs against each other").uncheck();
    const alone = diagnose(logs.flat(), { compare: false }).runs[2]!;
    await page.locator(".body", { hasText: alone.reason }).waitFor();
  });

  test("findings with their evidence, looked at closely, and another series for the loss", async () => {
    const page = await lab.open("#/doctor?example=spikes");
    const finding = page.locator("[data-finding=overfitting]");
    await finding.waitFor();
    const [log] = await readLog(real("03-nanogpt-recurrent-spikes-overfit.log"), { source: "x" });
    const { evidence } = diagnose([log!]).runs[0]!.findings.find((f) => f.id === "overfitting")!;
    expect(await finding.textContent()).toContain(
      String(Number((evidence["lastValidation"] as number).toPrecision(4))),
    );
    await finding.getByRole("button").click();
    expect(await settledHash(page)).toBe("#/doctor?example=spikes&zoom=overfitting");
    await page.getByText("The part of the run with overfitting").waitFor();
    await openDrawers(page);
    await page.getByLabel("Loss", { exact: true }).selectOption("train loss");
    await page.locator("[data-value=points]", { hasNotText: "2,156" }).waitFor();
    expect(await settledHash(page)).toContain("loss=train%20loss");
  });

  test("what is no log gets one clear message each, beside those that are; pasted lines are one; a file that grows is read again, and found after a reload", async () => {
    const page = await lab.open("#/doctor?example=short");
    await title(page).waitFor();
    // the browser's picker cannot be driven: a stand-in hands out a real handle, of a file in the page's own store
    const grow = (to: number): Promise<void> =>
      page.evaluate(async (rows) => {
        const folder = await navigator.storage.getDirectory();
        const handle = await folder.getFileHandle("live.log", { create: true });
        const stream = await handle.createWritable();
        const lines = Array.from({ length: rows }, (_, k) => `step ${k} loss ${2 / (1 + k / 40)}\n`);
        await stream.write(lines.join(""));
        await stream.close();
        Object.assign(window, { showOpenFilePicker: async () => [handle] });
      }, to);
    await grow(60);
    await page.getByRole("button", { name: "Watch a file" }).click();
    const points = page.locator("[data-value=points]");
    await expect.poll(() => points.textContent()).toBe("60");
    await grow(90);
    await expect.poll(() => points.textContent()).toBe("90");
    // a reload finds the file again, as it is by now, and the address goes on
    await openDrawers(page);
    await page.getByLabel("Loss axis").selectOption("log");
    expect(await settledHash(page)).toBe("#/doctor?example=own&scale=log");
    await grow(120);
    await page.reload();
    await expect.poll(() => points.textContent()).toBe("120");
    expect(await settledHash(page)).toBe("#/doctor?example=own&scale=log");
    await give(
      page,
      { name: "empty.csv", buffer: Buffer.alloc(0) },
      { name: "picture.png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]) },
      {
        name: "noise.bin",
        buffer: Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * i * 31 + i * 7) % 256)),
      },
      { name: "letter.txt", buffer: Buffer.from("Dear all,\nthe meeting is at 9.\nYours\n") },
      { name: "good.csv", buffer: real("12-csv-cs336-lr3e-3-best.csv") },
    );
    await page.locator("h2", { hasText: "good.csv" }).waitFor();
    const troubles = await page.locator(".trouble").allTextContents();
    expect(troubles.map((t) => /empty\.csv|picture\.png|noise\.bin|letter\.txt/.exec(t)?.[0])).toEqual([
      "empty.csv",
      "picture.png",
      "noise.bin",
      "letter.txt",
    ]);
    expect(troubles[0]).toBe("The file is empty, empty.csv. Give a log with at least one logged step.");
    expect(await settledHash(page)).toBe("#/doctor?example=own&scale=log");
    await page.reload();
    await page.getByText("an address does not hold them").waitFor();
    // pasted lines are a log, too
    await page.getByText("Or paste text").click();
    const lines = Array.from(
      { length: 400 },
      (_, k) => `step ${k} loss ${k < 50 ? 2 - k / 100 : k < 60 ? 2 ** (k - 48) : "nan"}`,
    );
    await page.getByLabel("Lines of a log").fill(lines.join("\n"));
    await page.getByRole("button", { name: "Diagnose the text" }).press("Enter");
    await page.locator("h2", { hasText: "pasted text" }).waitFor();
    expect(await title(page).textContent()).toContain("too high");
    expect(await page.locator("[data-value=dose]").textContent()).toMatch(/^× 0/);
  });

  test("the page keeps drawing while 3 MB are read, and reading can be cancelled", async () => {
    const page = await lab.open("#/doctor?example=short");
    await title(page).waitFor();
    const rows = 100_000;
    const buffer = madeCsv(rows);
    expect(buffer.length).toBeGreaterThan(2.9e6);
    await page.evaluate(() => {
      const seen = { whileReading: 0 };
      Object.assign(window, { seen });
      const frame = (): void => {
        if (document.querySelector("progress")) seen.whileReading++;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    await give(page, { name: "long.csv", buffer });
    await page.locator("[data-value=points]", { hasText: rows.toLocaleString("en") }).waitFor();
    const frames = await page.evaluate(
      () => (window as unknown as { seen: { whileReading: number } }).seen.whileReading,
    );
    // a page that did the reading itself would draw one at most; on a calm machine it is seven in 0.2 s
    expect(frames).toBeGreaterThanOrEqual(2);
    await page.evaluate(() => {
      const cancel = (): void =>
        [...document.querySelectorAll("button")].find((b) => b.textContent === "Cancel")?.click();
      new MutationObserver(cancel).observe(document.querySelector("article")!, {
        subtree: true,
        childList: true,
      });
    });
    await give(page, { name: "again.csv", buffer });
    await page.getByText("Reading was cancelled").waitFor();
    expect(await page.locator("h2.name").textContent()).toBe("long.csv");
  });

  test(
    "is readable by everybody",
    () =>
      inspect(lab, "#/doctor?example=spikes", {
        name: "11-doctor",
        ready: (p) => p.locator("[data-finding=overfitting]").waitFor(),
      }),
    30_000,
  );
});
