import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type CsvSpec, type Dataset, type LoadOptions, loadData, memoryHost } from "../index.ts";

type Files = Record<string, string | Uint8Array>;
const load = (
  text: string | Files,
  spec: Partial<CsvSpec> = {},
  options: LoadOptions = {},
  chunkSize = 1 << 18,
): Promise<Dataset> => {
  const files = typeof text === "string" ? { "a.csv": text } : text;
  return loadData({ csv: "a.csv", target: "y", ...spec }, memoryHost(files, { chunkSize }), {
    dtype: "float64",
    ...options,
  });
};

const plain = "a,b,y\n1,2.5,0.5\n-3,4e2,1.5\n";

describe("reads", () => {
  test.each([
    ["plain", plain],
    ["with Windows line ends", plain.replaceAll("\n", "\r\n")],
    ["with old Mac line ends", plain.replaceAll("\n", "\r")],
    ["with a byte order mark", `\ufeff${plain}`],
    ["without a last line end", plain.trimEnd()],
    ["with semicolons", plain.replaceAll(",", ";")],
    ["with tabs", plain.replaceAll(",", "\t")],
    ["with bars", plain.replaceAll(",", "|")],
    ["with blank lines", `\n${plain.replaceAll("\n", "\n\n")}`],
    ["with spaces", plain.replaceAll(",", " , ")],
    ["with runs of white space", plain.replaceAll(",", "   ").replaceAll("b", '"b"')],
    ["quoted", '"a","b","y"\n"1","2.5","0.5"\n"-3","4e2","1.5"'],
  ])("a file %s, whole or a byte at a time, gzipped or not", async (_, text) => {
    for (const chunkSize of [1, 5, 1 << 18]) {
      for (const file of [text, gzipSync(text)]) {
        const data = await load({ "a.csv": file }, {}, {}, chunkSize);
        expect([...data.features.data]).toEqual([1, 2.5, -3, 400]);
        expect(data.features.shape).toEqual([2, 2]);
        expect(data.featureNames).toEqual(["a", "b"]);
        expect(data.target).toMatchObject({ kind: "number", shape: [2], data: Float64Array.of(0.5, 1.5) });
      }
    }
  });
  test("a file without a header, target by index from the front or the end", async () => {
    for (const target of [2, -1]) {
      const data = await load("5.1,3.5,setosa\n4.9,3,virginica\n5,3,setosa\n", { target });
      expect([...data.features.data]).toEqual([5.1, 3.5, 4.9, 3, 5, 3]);
      expect(data.classes).toEqual(["setosa", "virginica"]);
      expect([...data.target.data]).toEqual([0, 1, 0]);
    }
  });
  test("quoted delimiters, quotes and line breaks", async () => {
    const data = await load('c,y\n"x, ""1""\n2",0.5\nz,1.5\n');
    expect(data.featureNames).toEqual(['c=x, "1"\n2', "c=z"]);
  });
  test("decimal commas, seen or said, with thousands apart; in UTF-16 and windows-1252", async () => {
    const seen = await load("a;c;y\n1;x;0,5\n-1,25;y;1\n1.234,5;x;1,5\n");
    expect([...seen.features.data]).toEqual([1, 1, 0, -1.25, 0, 1, 1234.5, 1, 0]);
    expect([...seen.target.data]).toEqual([0.5, 1, 1.5]);
    expect(seen.encoding).toMatchObject({ decimal: "," });
    const said = await load("a;y\n1;1,500\n2 345;2,500\n", { decimal: "," });
    expect([...said.features.data]).toEqual([1, 2345]);
    expect([...said.target.data]).toEqual([1.5, 2.5]);
    const first = await load("0,5;1,5\n2,5;3,5\n", { target: 1 });
    expect([...first.features.data]).toEqual([0.5, 2.5]);
    const wide = Uint8Array.of(0xff, 0xfe, ...Buffer.from("ä;y\n1;0,5\n", "utf16le"));
    expect((await load({ "a.csv": wide })).featureNames).toEqual(["ä"]);
    const narrow = Uint8Array.of(0xe4, ...Buffer.from(";y\n1;0,5\n"));
    expect((await load({ "a.csv": narrow }, { encoding: "windows-1252" })).featureNames).toEqual(["ä"]);
  });
  test("words that differ in most rows, where they are listed", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `w${i},${i / 2}`).join("\n");
    const data = await load(`t,y\n${rows}`, { categorical: ["t"] });
    expect(data.features.shape).toEqual([60, 60]);
  });
  test("no target when asked for none", async () => {
    const data = await load(plain, { target: null });
    expect(data.features.shape).toEqual([2, 3]);
    expect(data.target).toMatchObject({ kind: "none", shape: [2, 0] });
  });
  test("20,000 rows in small pieces, more than one block, as written", async () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, i) => `${i},${i % 3 ? "p" : "q"},${(1 - i) / 8},${i / 2}`,
    );
    const data = await load(`i,c,n,y\n${rows.join("\n")}`, {}, {}, 4096);
    expect(data.features.shape).toEqual([20_000, 4]);
    expect(data.featureNames).toEqual(["i", "c=p", "c=q", "n"]);
    for (const i of [0, 1, 999, 1000, 1001, 13_107, 13_108, 19_999]) {
      expect([...data.features.data.subarray(4 * i, 4 * i + 4)]).toEqual([
        i,
        i % 3 ? 1 : 0,
        i % 3 ? 0 : 1,
        (1 - i) / 8,
      ]);
      expect(data.target.data[i]).toBe(i / 2);
    }
  });
});

describe("columns", () => {
  test("words become one column a category, in order; exclude leaves columns out", async () => {
    const data = await load("id,color,size,y\nu1,red,1,0.5\nu2,blue,2,1.5\nu3,red,3,2.5\n", {
      exclude: ["id"],
    });
    expect(data.featureNames).toEqual(["color=blue", "color=red", "size"]);
    expect(data.categorical).toEqual([true, true, false]);
    expect([...data.features.data]).toEqual([0, 1, 1, 1, 0, 2, 0, 1, 3]);
  });
  test("numbers can be declared categories", async () => {
    const data = await load("zip,y\n8001,0.5\n8002,1.5\n8001,2\n", { categorical: ["zip"] });
    expect(data.featureNames).toEqual(["zip=8001", "zip=8002"]);
    expect([...data.features.data]).toEqual([1, 0, 0, 1, 1, 0]);
  });
  test("standardize leaves one-hot columns alone and uses the training part only", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i * i},${i % 2 ? "p" : "q"},${i % 2}`);
    const data = await load(
      `n,c,y\n${rows.join("\n")}`,
      { standardize: true },
      { validation: 0.25, seed: 1 },
    );
    expect(data.validation!.features.shape).toEqual([10, 3]);
    const column = (part: Dataset["features"]): number[] => [...part.data].filter((_, k) => k % 3 === 0);
    const own = column(data.features);
    expect(own.reduce((a, b) => a + b, 0) / 30).toBeCloseTo(0, 12);
    expect(own.reduce((a, b) => a + b * b, 0) / 30).toBeCloseTo(1, 12);
    expect(column(data.validation!.features).reduce((a, b) => a + b, 0) / 10).not.toBeCloseTo(0, 2);
    // Undoing the scaling gives back the squares that training holds.
    const back = own.map((z) => Math.sqrt(z * data.scaling!.std[0]! + data.scaling!.mean[0]!));
    expect(back.every((r) => Math.abs(r - Math.round(r)) < 1e-6)).toBe(true);
    expect(new Set([...data.features.data].filter((_, k) => k % 3 > 0))).toEqual(new Set([0, 1]));
  });
});

describe("the target is", () => {
  const few = "a,y\n1,5\n2,7\n3,5\n";
  test("classes for few whole numbers, named as written in the file", async () => {
    const data = await load(few);
    expect(data.classes).toEqual(["5", "7"]);
    expect(data.target).toMatchObject({ kind: "class", data: Int32Array.of(0, 1, 0) });
  });
  test("a number when the task or the loss says so, the task first", async () => {
    for (const data of [
      await load(few, { task: "regression" }),
      await load(few, {}, { targetKind: "number" }),
      await load(few, { task: "regression" }, { targetKind: "class" }),
    ]) {
      expect(data.target).toMatchObject({ kind: "number", data: Float64Array.of(5, 7, 5) });
      expect(data.classes).toBeUndefined();
    }
  });
  test("a number for more than 20 whole values, classes when asked", async () => {
    const many = `a,y\n${Array.from({ length: 21 }, (_, i) => `0,${i}`).join("\n")}`;
    expect((await load(many)).target.kind).toBe("number");
    expect((await load(many, { task: "classification" })).classes).toHaveLength(21);
  });
});

describe("a test file", () => {
  const train = "a,c,y\n1,p,no\n2,q,yes\n";
  test("is encoded as the training file was, its columns in any order", async () => {
    const data = await load({ "a.csv": train, "t.csv": "y,c,a\nyes,p,9\n" }, { test: "t.csv" });
    expect([...data.test!.features.data]).toEqual([9, 1, 0]);
    expect([...data.test!.target.data]).toEqual([1]);
  });
  test.each([
    [
      "a new category",
      "a,c,y\n1,r,no\n",
      "csv-categories",
      'row 2, column "c": "r" is not in the training file',
    ],
    ["a new label", "a,c,y\n1,p,maybe\n", "csv-categories", 'row 2, column "y": "maybe"'],
    ["a column less", "a,y\n1,no\n", "csv-column", 'there is no column "c"'],
    ["nothing", "", "csv-column", 'there is no column "a"'],
  ])("with %s is refused", async (_, test, id, message) => {
    await expect(load({ "a.csv": train, "t.csv": test }, { test: "t.csv" })).rejects.toMatchObject({
      id,
      message: expect.stringContaining(message),
    });
  });
  test("with a numeric label that training has not is refused", async () => {
    const files = { "a.csv": "a,y\n1,0\n2,1\n", "t.csv": "a,y\n1,1\n3,4\n" };
    await expect(load(files, { test: "t.csv" })).rejects.toMatchObject({
      id: "label-range",
      message: "data row 2 has the label 4, which training has not, t.csv",
    });
  });
});

describe("refuses", () => {
  const cases: [string, string | Files, Partial<CsvSpec>, LoadOptions, string, string, string][] = [
    [
      "an absent target",
      "age,weight,height\n1,2,3",
      { target: "wieght" },
      {},
      "csv-column",
      'no column "wieght"',
      'did you mean "weight"? The columns are "age", "weight", "height"',
    ],
    ["a target beyond the columns", "1,2\n3,4", { target: 2 }, {}, "csv-column", "no column 2", '"0", "1"'],
    [
      "no target given",
      plain,
      { target: undefined },
      {},
      "csv-column",
      "data.target",
      '"a", "b", "y", or null',
    ],
    [
      "a word among numbers",
      "a,y\n1,0.5\n2,0.5\ntwo,1\n",
      {},
      {},
      "csv-cell",
      'row 4, column "a" holds "two"',
      "categorical",
    ],
    [
      "a number with a unit in the target",
      "a,y\n1,0.5\n2,0.5\n3,1m\n",
      {},
      {},
      "csv-cell",
      'row 4, column "y" holds "1m"',
      "correct the cell",
    ],
    [
      "a word after the rows looked at",
      `a,y\n${"1,2.5\n".repeat(3000)}x,1\n`,
      {},
      {},
      "csv-cell",
      'row 3002, column "a" holds "x"',
      "correct",
    ],
    [
      "an infinite cell",
      "a,y\n1,0.5\n2,0.5\nInfinity,1\n",
      {},
      {},
      "csv-cell",
      'row 4, column "a" holds "Infinity"',
      "correct",
    ],
    [
      "an empty cell",
      "a,y\n1,0.5\n,1\n",
      {},
      {},
      "csv-missing",
      'row 3, column "a" is empty',
      '"missing": "drop"',
    ],
    ["NaN", "a,y\n1,0.5\nNaN,1\n", {}, {}, "csv-missing", 'row 3, column "a" is "NaN"', "drop"],
    [
      "an empty category",
      "a,c,y\n1,p,2\n1,,2\n",
      {},
      {},
      "csv-missing",
      'row 3, column "c" is empty',
      "drop",
    ],
    [
      "a row too short",
      "a,b,y\n1,2,3\n\n1,2\n",
      {},
      {},
      "csv-ragged",
      "row 4 has 2 cells where the first has 3",
      "delimiter",
    ],
    ["a row too long", "a,y\n1,2\n1,2,3\n", {}, {}, "csv-ragged", "row 3 has 3 cells", "delimiter"],
    ["an open quote", 'a,y\n"1,2\n3,4\n', {}, {}, "csv-quotes", "row 2", "close every quoted cell"],
    ["text after a quote", 'a,y\n"1"x,2\n3,4\n', {}, {}, "csv-quotes", "row 2", "close every quoted cell"],
    ["an empty file", "", {}, {}, "data-empty", "the file is empty", "rows"],
    ["blank lines alone", "\n \n\n", {}, {}, "data-empty", "the file is empty", "rows"],
    ["a header alone", "a,y\n", {}, {}, "data-empty", "no data row", "one row"],
    ["a name twice", "a,a,y\n1,2,3", {}, {}, "csv-header", 'two columns are called "a"', "header to false"],
    ["no feature left", "a,y\n1,2", { exclude: ["a"] }, {}, "csv-column", "no feature column", "exclude"],
    [
      "an identifier as a category",
      `id,y\n${Array.from({ length: 1100 }, (_, i) => `u${i},0.5`).join("\n")}`,
      {},
      {},
      "csv-categories",
      'column "id" has more than 1000',
      '"exclude": ["id"]',
    ],
    [
      "words for a loss of numbers",
      "a,y\n1,p\n2,q",
      {},
      { targetKind: "number" },
      "csv-target",
      'column "y" holds words',
      "softmax-cross-entropy",
    ],
    [
      "fractions for a loss of classes",
      "a,y\n1,0.5\n2,1",
      {},
      { targetKind: "class" },
      "csv-target",
      "holds fractions",
      '"task": "regression"',
    ],
    [
      "a value beyond float32",
      "a,y\n1e39,0.5\n2,1",
      {},
      { dtype: "float32" },
      "data-not-finite",
      "row 1, column a is Infinity",
      "float64",
    ],
    [
      "a file that is not UTF-8",
      { "a.csv": Uint8Array.of(0x61, 0x2c, 0x79, 10, 0xe9, 0x2c, 0x31) },
      {},
      {},
      "data-encoding",
      "not UTF-8",
      '"encoding": "windows-1252"',
    ],
    ["an unknown encoding", plain, { encoding: "klingon" }, {}, "data-encoding", '"klingon"', "windows-1252"],
    [
      "bytes that the encoding has not",
      { "a.csv": Uint8Array.of(0x61, 0xff, 0xff) },
      { encoding: "shift_jis" },
      {},
      "data-encoding",
      "not text in shift_jis",
      "--encoding",
    ],
    [
      "commas that may part thousands",
      "a;y\n1;1,500\n2;20\n3;2,500\n",
      {},
      {},
      "csv-cell",
      'column "y" has numbers with a comma, as "1,500"',
      '"decimal": ","',
    ],
    [
      "a point where the others have a comma",
      "a;y\n1;0,5\n2;1.5\n3;2,5\n",
      {},
      {},
      "csv-cell",
      'row 3, column "y" holds "1.5"',
      "correct the cell",
    ],
    [
      "a date in each row",
      `t,y\n${Array.from({ length: 60 }, (_, i) => `2024-01-01T${i},0.5`).join("\n")}`,
      {},
      {},
      "csv-categories",
      'column "t" has 60 different words in 60 rows',
      '"exclude": ["t"]',
    ],
    ["a missing file", { "b.csv": "" }, {}, {}, "data-missing", "no file a.csv", "did you mean b.csv?"],
    [
      "a validation share beyond the data",
      plain,
      {},
      { validation: 1.5 },
      "validation",
      "between 0 and 1",
      "0.1",
    ],
  ];
  test.each(cases)("%s", async (_, text, spec, options, id, message, help) => {
    await expect(load(text, spec, options)).rejects.toMatchObject({
      name: "SteepestError",
      id,
      exitCode: 2,
      message: expect.stringContaining(message),
      help: expect.stringContaining(help),
    });
  });
  test("no words with a comma where most are no numbers, or where they are said to be words", async () => {
    const few = await load("a;y\np,q;0.5\n1,2;1\nr;1.5\n");
    expect(few.featureNames).toEqual(["a=1,2", "a=p,q", "a=r"]);
    const said = await load("a;y\n1,2;0.5\n1,3;1\n", { categorical: ["a"] });
    expect(said.featureNames).toEqual(["a=1,2", "a=1,3"]);
  });
  test("nothing of a row with a missing cell when told to drop them", async () => {
    const data = await load("a,c,y\n1,p,0.5\n,q,1\n3,?,1\n4,p,NA\n5,q,2.5\n", { missing: "drop" });
    expect([...data.features.data]).toEqual([1, 1, 0, 5, 0, 1]);
    expect([...data.target.data]).toEqual([0.5, 2.5]);
  });
});
