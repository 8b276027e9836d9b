import { expect, test } from "vitest";
import { plain, plainJson, plainLines } from "./plain.ts";

const hostile = "a\u001b[31mb\u009b2Jc\u202ed\u2066e\u200ff\r\ng\u0000\t.";

test("control characters and direction marks become blanks", () => {
  expect(plain(hostile)).toBe("a [31mb 2Jc d e f  g  .");
  expect(plainLines(hostile)).toBe("a [31mb 2Jc d e f \ng \t.");
});

test("letters of all scripts, accents and joined emoji stay", () => {
  const text = "é e\u0301 Ж 損失 עברית 👩\u200d🔬 ₀ −";
  expect(plainLines(text)).toBe(text);
});

test("a JSON document says the same and holds none of them", () => {
  const json = plainJson(JSON.stringify({ name: hostile }));
  expect(JSON.parse(json)).toEqual({ name: hostile });
  expect(json).toMatch(/^[\x20-\x7e]*$/);
});
