import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import type { EvaluationPicture } from "./evaluation.ts";
import { renderEvaluation } from "./evaluation-draw.ts";

const empty = parseHTML("<html></html>").document as Document;

/** The drawn file, parsed again. */
function drawn(picture: EvaluationPicture): Document {
  const svg = renderEvaluation(picture, { document: empty });
  return parseHTML(`<html><body>${svg}</body></html>`).document as Document;
}

const numberOf = (e: Element, name: string): number => Number(e.getAttribute(name));

test("classes: each count in its tile, each bin at its probability and accuracy", () => {
  const page = drawn({
    kind: "classes",
    title: "iris",
    names: ["setosa", "<b>", "virginica"],
    confusion: [
      [5, 0, 1],
      [0, 7, 0],
      [2, 0, 0],
    ],
    calibration: [
      { rows: 5, probability: 0.25, accuracy: 0.5 },
      { rows: 10, probability: 0.75, accuracy: 0.5 },
    ],
  });
  const tiles = [...page.querySelectorAll("rect.tile")];
  // 5 and 1 of the first class, 7 of the second, 2 of the third; where nothing is, nothing stands
  expect(tiles).toHaveLength(4);
  expect(numberOf(tiles[2]!, "y")).toBeGreaterThan(numberOf(tiles[0]!, "y"));
  expect(numberOf(tiles[1]!, "x")).toBeGreaterThan(numberOf(tiles[2]!, "x"));
  expect(numberOf(tiles[3]!, "x")).toBe(numberOf(tiles[0]!, "x"));
  // shaded by the share of the row: all of 7 and of 2 as strong as it gets
  expect(tiles.map((t) => t.getAttribute("fill") === "#0072b2")).toEqual([false, false, true, true]);
  const words = [...page.querySelectorAll("text")].map((t) => t.textContent);
  for (const word of ["iris", "setosa", "<b>", "5", "1", "7", "2"]) expect(words).toContain(word);
  const [low, high] = [...page.querySelectorAll("circle.bin")];
  expect(numberOf(low!, "cy")).toBe(numberOf(high!, "cy"));
  const line = page.querySelector("line.truth")!;
  const along = (e: Element): number =>
    (numberOf(e, "cx") - numberOf(line, "x1")) / (numberOf(line, "x2") - numberOf(line, "x1"));
  expect(along(low!)).toBeCloseTo(0.25, 3);
  expect(along(high!)).toBeCloseTo(0.75, 3);
  expect(page.querySelector("desc")!.textContent).toBe("12 of 15 rows are right");
});

test("numbers: a right prediction lies on the diagonal and has no residual", () => {
  const page = drawn({
    kind: "numbers",
    title: "t",
    target: "rent",
    truth: [10, 20, 30],
    predicted: [10, 26, 27],
  });
  const points = [...page.querySelectorAll("circle.point")];
  expect(points).toHaveLength(6);
  const [diagonal, zero] = [...page.querySelectorAll("line.truth")];
  const above = (e: Element, line: Element): number => {
    const share = (numberOf(e, "cx") - numberOf(line, "x1")) / (numberOf(line, "x2") - numberOf(line, "x1"));
    const y = numberOf(line, "y1") + share * (numberOf(line, "y2") - numberOf(line, "y1"));
    return y - numberOf(e, "cy");
  };
  expect(points.slice(0, 3).map((p) => Math.sign(Math.round(above(p, diagonal!))))).toEqual([0, 1, -1]);
  const rest = points.slice(3).map((p) => above(p, zero!));
  expect(rest[0]).toBeCloseTo(0, 1);
  // residuals −6 and 3
  expect(rest[1]! / rest[2]!).toBeCloseTo(-2, 1);
});

test("hundreds of classes and many thousand rows stay readable: what is left out is said", () => {
  const names = Array.from({ length: 200 }, (_, i) => `class ${i}`);
  const many = drawn({
    kind: "classes",
    title: "t",
    names,
    confusion: names.map((_, i) => names.map((__, j) => Number(i === j))),
    calibration: [],
  });
  expect(many.querySelectorAll("rect.tile")).toHaveLength(200);
  expect(many.querySelectorAll("text").length).toBeLessThan(60);
  const long = Float64Array.from({ length: 10_000 }, (_, i) => i);
  const thin = drawn({ kind: "numbers", title: "t", target: "y", truth: long, predicted: long });
  expect(thin.querySelectorAll("circle.point").length).toBeLessThanOrEqual(6000);
  expect([...thin.querySelectorAll("text")].map((e) => e.textContent)).toContain(
    "2,500 of 10,000 numbers are drawn",
  );
  const constant = drawn({ kind: "numbers", title: "t", target: "y", truth: [1, 1], predicted: [1, 1] });
  expect(constant.toString()).not.toMatch(/NaN|Infinity/);
});
