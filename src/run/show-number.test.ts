import { expect, test } from "vitest";
import { showNumber, showWhole } from "./show-number.ts";

test("whole numbers are written as the language's own tables write them", () => {
  const numbers = [0, 7, 999, 1000, -1000, 12_345, 999_999, 1_000_000, -123_456_789, 2 ** 53];
  expect(numbers.map(showWhole)).toEqual(numbers.map((n) => n.toLocaleString("en")));
});

test("numbers have four significant digits", () => {
  expect([0, 0.012345, 1.5e-7, 12_345.6, 3.2e10, Number.NaN].map(showNumber)).toEqual([
    "0",
    "0.01235",
    "1.50e-7",
    "12,346",
    "3.20e+10",
    "NaN",
  ]);
});
