import fc from "fast-check";
import Papa from "papaparse";
import { expect, test } from "vitest";
import { cellsOf } from "./csv-quotes.ts";

test.each([",", ";", "\t"])(
  "cells between %j are those that Papa Parse finds, of broken rows too",
  (delimiter) => {
    const piece = fc.constantFrom(
      '"',
      '""',
      `"${delimiter}`,
      `${delimiter}"`,
      delimiter,
      "1.5",
      "a",
      " ",
      "\n",
    );
    const row = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(row, (text) => {
        const [first = []] = Papa.parse<string[]>(text, { delimiter, newline: "\n" }).data;
        expect(cellsOf(text, delimiter)).toEqual(first);
      }),
      { numRuns: 500, seed: 7 },
    );
  },
);
