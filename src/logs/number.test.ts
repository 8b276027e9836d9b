import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBytes, parseNumber } from "./number.ts";

const parse = (text: string): number | undefined => {
  const bytes = new TextEncoder().encode(text);
  return parseBytes({ bytes, text: null }, 0, bytes.length);
};

test("bytes parse to exactly what Number() gives, whatever the digits", () => {
  const digits = fc.stringMatching(/^[+-]?\d{1,25}(\.\d{0,25})?([eE][+-]?\d{1,3})?$/);
  fc.assert(
    fc.property(fc.oneof(digits, fc.double({ noNaN: true }).map(String)), (text) => {
      expect(parse(text)).toBe(Number(text.replace("Infinity", "1e999")));
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["9007199254740993", 9007199254740992],
  ["0.1", 0.1],
  ["-0", -0],
  ["1.7976931348623157e308", Number.MAX_VALUE],
  ["5e-324", 5e-324],
  ["  2.5\t", 2.5],
  [".5", 0.5],
  ["5.", 5],
])("%j is %d", (text, value) => {
  expect(parse(text)).toBe(value);
});

test("spellings of NaN and infinity; blanks and words are missing, not NaN", () => {
  for (const word of ["nan", "NaN", "-nan", "1.#QNAN"]) expect(parse(word)).toBeNaN();
  for (const word of ["inf", "Infinity", "+INF"]) expect(parse(word)).toBe(Infinity);
  expect(parse("-inf")).toBe(-Infinity);
  for (const word of ["", "NA", "None", "null", "loss", "1.2.3", "12abc", "0x10", "e5", "--1"]) {
    expect(parse(word)).toBeUndefined();
  }
  expect(parseNumber("tensor(1.5, device='cuda:0')")).toBe(1.5);
});
