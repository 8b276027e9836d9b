import { expect, test } from "vitest";
import { closest } from "./errors.ts";
import { jsonErrorOffset } from "./json-error.ts";
import { applyOverrides, parseOverrides } from "./overrides.ts";
import { parseRun } from "./parse-run.ts";
import { parseRunText } from "./run-file.ts";

const minimal = { data: { source: "digits" }, model: { kind: "linear" }, optimizer: "adamw" };

test("defaults are filled in and short forms spelt out", () => {
  expect(parseRun({ ...minimal, model: { kind: "mlp", hidden: 8 } })).toMatchObject({
    name: "run",
    model: { kind: "mlp", hidden: [8] },
    optimizer: { name: "adamw" },
    schedule: { name: "constant" },
    epochs: 10,
    seed: 42,
    validation: 0.1,
  });
});

test("a parsed run parses again to itself", () => {
  const once = parseRun({ ...minimal, clip: { globalNorm: 1 }, loss: "mse", schedule: "cosine-annealing" });
  expect(parseRun(JSON.parse(JSON.stringify(once)))).toEqual(once);
});

// the marked character is the first that JSON's grammar does not allow there
test.each([
  ['{"a": 1,\n "b": ¦}', true],
  ['{"a": 1,¦}', true],
  ['{"a": 01}'.replace("1", "¦1"), true],
  ['{"a" ¦1}', true],
  ["[1, 2 ¦3]", true],
  ["{¦a: 1}", true],
  ['{"a": tr¦ue'.replace("tr¦ue", "¦tru"), true],
  ['{"a": ¦"x\n"}', true],
  ['{"a": "\\¦x"}', true],
  ['{"a": 1} ¦{', true],
  ['{"a": [1, 2¦', false],
  ["¦", false],
])("the error in %j is found at the mark", (marked, within) => {
  const offset = marked.indexOf("¦");
  const text = marked.replace("¦", "");
  expect(() => JSON.parse(text)).toThrow();
  expect(jsonErrorOffset(text)).toBe(offset);
  expect(offset === text.length).toBe(!within);
});

test("UTF-16 is named, with and without its mark", () => {
  for (const text of ["\uFFFD\uFFFD{\0}\0", "n\0a\0m\0e\0"])
    expect(() => parseRunText(text, "r.yaml")).toThrow(/UTF-16/);
});

test("a kind of file for a built-in data set: the file itself is asked for", () => {
  const data = { source: "csv", path: "flats.csv", target: "price" };
  const record = { name: "flats", data, model: { kind: "linear" }, loss: "mse", optimizer: { name: "sgd" } };
  expect(() => parseRun(record)).toThrow(
    expect.objectContaining({ help: expect.stringContaining('{ "csv": "path/to/file" }') }),
  );
});

test("places are found in JSON and in YAML", () => {
  const json = parseRunText('{\n  "data": { "csv": "a", "traget": 1 }\n}', "r.json");
  expect(json.locate(["data", "traget"])).toBe("at r.json:2:25");
  const yaml = parseRunText("model:\n  kind: mlp\n  hidden:\n    - 8\n    - x\n", "r.yaml");
  expect(yaml.locate(["model", "hidden", 1])).toBe("at r.yaml:5:7");
  expect(yaml.locate(["nowhere"])).toBe("in r.yaml");
});

test("YAML numbers are numbers, 1e-3 too", () => {
  expect(parseRunText("optimizer: { name: sgd, lr: 1e-3 }", "r.yml").record).toEqual({
    optimizer: { name: "sgd", lr: 0.001 },
  });
});

test("overrides: numbers, lists, words, records and flags", () => {
  const overrides = parseOverrides([
    "--optimizer.lr", "1e-2", "--model.hidden=64,32", "--data.standardize", "--clip", '{"globalNorm":1}', "--loss", "mse",
  ]); // biome-ignore format: a command line
  expect(applyOverrides({ ...minimal, optimizer: "adamw" }, overrides)).toEqual({
    data: { source: "digits", standardize: true },
    model: { kind: "linear", hidden: [64, 32] },
    optimizer: { name: "adamw", lr: 0.01 },
    clip: { globalNorm: 1 },
    loss: "mse",
  });
});

test("another optimizer keeps the learning rate and drops the old one's options; steps replace epochs", () => {
  const record = { epochs: 3, optimizer: { name: "adamw", lr: 0.1, weightDecay: 1 } };
  expect(applyOverrides(record, parseOverrides(["--optimizer", "sgd", "--steps", "7"]))).toEqual({
    steps: 7,
    optimizer: { name: "sgd", lr: 0.1 },
  });
  expect(record.epochs).toBe(3);
});

test("a swap of two letters is one edit", () => {
  expect(closest("mpl", ["linear", "mlp"])).toBe("mlp");
  expect(closest("adma", ["sgd", "adam"])).toBe("adam");
  expect(closest("xyz", ["sgd", "adam"])).toBeUndefined();
});

test("an alias that names nothing, and aliases that multiply, are errors of the file", () => {
  expect(() => parseRunText("a: 1\nb: *nothing\n", "run.yaml")).toThrow(
    expect.objectContaining({
      id: "run-syntax",
      message: expect.stringContaining("*nothing names nothing"),
      where: "at run.yaml:2:4",
    }),
  );
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 8; i++) {
    const [from, to] = [String.fromCharCode(96 + i), String.fromCharCode(97 + i)];
    bomb.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(", ")}]`);
  }
  expect(() => parseRunText(`${bomb.join("\n")}\n`, "run.yaml")).toThrow(
    expect.objectContaining({ id: "run-syntax" }),
  );
});

test.each([
  ["run.json", "[".repeat(6000) + "]".repeat(6000)],
  ["run.yaml", `a: ${"[".repeat(6000)}${"]".repeat(6000)}`],
  ["run.yaml", Array.from({ length: 6000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ["run.yaml", `${"- ".repeat(6000)}a`],
])("%s nested 6,000 deep is refused with the place", (name, text) => {
  expect(() => parseRunText(text, name)).toThrow(
    expect.objectContaining({ id: "run-syntax", message: expect.stringContaining("100 levels") }),
  );
});

test("brackets in text are no nesting", () => {
  const text = JSON.stringify({ name: "[".repeat(200), data: {} });
  expect(parseRunText(text, "run.json").record).toEqual(JSON.parse(text));
});

test.each(["__proto__", "constructor", "prototype"])("--data.%s.x touches no object", (key) => {
  const overrides = parseOverrides([`--data.${key}.polluted`, "1"]);
  expect(() => applyOverrides({ data: {} }, overrides)).toThrow(expect.objectContaining({ id: "usage" }));
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});
