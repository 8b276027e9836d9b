import { expect, test } from "vitest";
import { batchPlan, type Dataset, loadData, memoryHost, type TextSpec } from "./index.ts";

const load = (
  text: string | Uint8Array,
  spec: Partial<TextSpec> = {},
  validation = 0,
  chunkSize = 3,
): Promise<Dataset> =>
  loadData({ text: "t", context: 3, ...spec }, memoryHost({ t: text }, { chunkSize }), { validation });

function rows(data: Dataset): string[] {
  const plan = batchPlan({ n: data.features.shape[0]!, batchSize: "full" });
  const size = data.target.shape.length === 2 ? data.target.shape[1]! : 1;
  const x = new Int32Array(plan.n * data.features.shape[1]!);
  const y = new Int32Array(plan.n * size);
  plan.fill(0, data.features, data.target, x, y);
  const word = (ids: Int32Array): string => Array.from(ids, (id) => data.classes![id]).join("");
  return Array.from(
    { length: plan.n },
    (_, i) => `${word(x.slice(3 * i, 3 * i + 3))}>${word(y.slice(size * i, size * i + size))}`,
  );
}

test("windows and the character after each; characters in code point order, whole across chunks", async () => {
  const data = await load("bäa😀b");
  expect(data.classes).toEqual(["a", "b", "ä", "😀"]);
  expect(data.features.shape).toEqual([2, 3]);
  expect(data.target).toMatchObject({ kind: "class", shape: [2] });
  expect(rows(data)).toEqual(["bäa>😀", "äa😀>b"]);
});

test("the character after every position", async () => {
  const data = await load("abcdef", { predict: "every" });
  expect(data.target.shape).toEqual([3, 3]);
  expect(rows(data)).toEqual(["abc>bcd", "bcd>cde", "cde>def"]);
});

test("validation is the end of the text and shares no character with training", async () => {
  const data = await load("abcdefghijklmnopqrst", {}, 0.3);
  expect(rows(data)[10]).toBe("klm>n");
  expect(data.features.shape).toEqual([11, 3]);
  const { validation } = data;
  expect(rows({ ...data, ...validation! })).toEqual(["opq>r", "pqr>s", "qrs>t"]);
});

test.each([
  ["an empty file", "", {}, 0, "data-empty"],
  ["a text shorter than its context", "abc", {}, 0, "text-context"],
  ["a validation part shorter than its context", "abcdefghij", {}, 0.2, "text-context"],
  ["a context of zero", "abcdef", { context: 0 }, 0, "text-context"],
  ["bytes that are not UTF-8", Uint8Array.of(0x61, 0xff, 0x62), {}, 0, "data-encoding"],
  ["a character that is cut", Uint8Array.of(0x61, 0x62, 0x63, 0x64, 0xf0, 0x9f), {}, 0, "data-encoding"],
])("refuses %s", async (_, text, spec, validation, id) => {
  await expect(load(text, spec, validation)).rejects.toMatchObject({ id, help: expect.stringMatching(/\w/) });
});
