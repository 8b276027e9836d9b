import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadData } from "./index.ts";
import { nodeHost } from "./node-host.ts";

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "steepest-data-"));
  await writeFile(join(base, "train.csv"), `a,y\n${"1,0.5\n".repeat(200_000)}`);
  await mkdir(join(base, "folder"));
});
afterAll(() => rm(base, { recursive: true }));

const load = (csv: string, target = "y"): ReturnType<typeof loadData> =>
  loadData({ csv, target }, nodeHost({ base }));

test("reads a file of several chunks, relative to the base", async () => {
  expect((await load("train.csv")).features.shape).toEqual([200_000, 1]);
});

test.each([
  ["trian.csv", "data-missing", "did you mean train.csv?"],
  ["nowhere/x.csv", "data-missing", "check the path"],
  ["train.csv/x.csv", "data-missing", "check the path"],
  ["folder", "data-unreadable", "name a file inside it"],
])("refuses %s", async (path, id, help) => {
  await expect(load(path)).rejects.toMatchObject({ id, help: expect.stringContaining(help) });
});

test.runIf(process.platform === "linux")("leaves no file open after an error in the middle", async () => {
  await expect(load("train.csv", "z")).rejects.toMatchObject({ id: "csv-column" });
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) =>
      readlink(`/proc/self/fd/${fd}`).catch(() => "closed meanwhile"),
    ),
  );
  expect(links.filter((path) => path.startsWith(base))).toEqual([]);
});
