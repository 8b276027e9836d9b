/** The short way through a line like one just seen gives what the lexer gives, or leaves the line to it. */
import { expect, test } from "vitest";
import { patternOf, readAgain } from "../../src/logs/text/again.ts";
import { Lexer } from "../../src/logs/text/lex.ts";
import { createTokens, NUMBER } from "../../src/logs/text/tokens.ts";
import { generate } from "./generated/generate.ts";
import { bytesOf } from "./helpers.ts";

const options = { decimalComma: false, nanIsWord: false };

function lexed(line: string): { hash: number; numbers: number[]; pattern: ReturnType<typeof patternOf> } {
  const tokens = createTokens();
  const bytes = bytesOf(line);
  new Lexer(tokens).line(bytes, 0, bytes.length, options);
  const numbers: number[] = [];
  for (let i = 0; i < tokens.count; i++) if (tokens.kind[i] === NUMBER) numbers.push(tokens.value[i]!);
  return { hash: tokens.hash, numbers, pattern: patternOf(bytes, 0, bytes.length, tokens) };
}

/** Null: left to the lexer. */
function again(seen: string, line: string): number[] | null {
  const { pattern } = lexed(seen);
  const t = createTokens();
  const bytes = bytesOf(line);
  if (!pattern || !readAgain(pattern, bytes, 0, { to: bytes.length, decimalComma: false, t })) return null;
  return Array.from(t.value.subarray(0, t.count));
}

test("lines of generated logs: the same form and the same numbers, in most lines", () => {
  let taken = 0;
  let possible = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const lines = generate(seed)
      .text.split(/[\r\n]+/)
      .filter((line) => line.trim() !== "" && !line.includes("\u001b"));
    for (let i = 2; i < lines.length; i++) {
      for (const seen of [lines[i - 1]!, lines[i - 2]!]) {
        const [before, own] = [lexed(seen.trimEnd()), lexed(lines[i]!.trimEnd())];
        const found = again(seen.trimEnd(), lines[i]!.trimEnd());
        if (before.pattern && before.hash === own.hash) possible++;
        if (found === null) continue;
        taken++;
        expect(own.hash, `${seen}\n${lines[i]}`).toBe(before.hash);
        expect(found).toEqual(own.numbers);
      }
    }
  }
  expect(taken).toBeGreaterThan(1500);
  expect(taken).toBeGreaterThan(0.8 * possible);
});

test.each([
  ["step 1 loss 2.5", "step 2 loss 2.5 saved"],
  ["step 1 loss 2.5", "steps 1 loss 2.5"],
  ["step 1 loss 2.5", "step 1 loss nan"],
  ["Epoch7 loss 2.5", "Epoch7b loss 2.5"],
  ["v1 1.2 a", "v1 1.2.3 a"],
  ["at 10 x", "at 10:11:12 x"],
  ["id 12 x", "id 12_3 x"],
  ["a 5-3", "a 5-3-2024"],
  ["loss 2.5", "loss 2.5 2.6"],
  ["2024-01-02 loss 2.5", "2024-1-12 loss 2.6"],
  ["at 10:11:12 loss 2.5", "at 10:11 loss 2.6"],
  ["commit 1a2b3c4 loss 2.5", "commit 1a2b3c5 loss 2.5"],
])("%s is no pattern for %s", (seen, line) => {
  expect(again(seen, line)).toBe(null);
});

test.each([
  ["step 1 | loss 2.5ms", "step    12 | loss -1e-3s", [12, -0.001]],
  ["lr: 1,234 (+0.1z)| n 7", "lr: 9 (-2.5z)| n 1.5M", [9, -2.5, 1.5e6]],
  [
    "iteration        1/ 500 | lm loss: 1.0E+01",
    "iteration      120/ 500 | lm loss: 9.5E+00",
    [120, 500, 9.5],
  ],
  [
    "[2024-01-02 10:11:12,345] INFO - step 1 loss 2.5",
    "[2024-12-31 23:59:59,001] INFO - step 12 loss 2.25",
    [12, 2.25],
  ],
])("%s is one for %s", (seen, line, numbers) => {
  expect(again(seen, line)).toEqual(numbers);
});
