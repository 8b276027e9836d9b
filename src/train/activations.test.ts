import { expect, test } from "vitest";
import { gpt, initParams, streamInit } from "../nn/index.ts";
import { stream } from "../random/index.ts";
import { activationStep } from "./activations.ts";

const [T, WIDTH, HEADS] = [5, 8, 2];
const model = gpt({ vocabulary: 7, context: T, layers: 2, width: WIDTH, heads: HEADS });
const params = initParams(model, streamInit(stream(3, "init")), "float64");
const state = Object.entries(params).map(([name, values]) => ({ name: `param.${name}`, values }));
const options = { model, dtype: "float64", batch: { x: { shape: [1, T], dtype: "int32" } }, state } as const;

test("attention's weights are the softmax of q·k over √d, as loops compute it from the layer's input", () => {
  const at = "blocks.1";
  const step = activationStep({ ...options, names: [`${at}.norm1`, `${at}.self_attn.weights`] });
  const { [`${at}.norm1`]: input, [`${at}.self_attn.weights`]: weights } = step({ x: [1, 4, 4, 0, 6] });
  expect(weights!.shape).toEqual([1, HEADS, T, T]);
  const [w, b] = [params[`${at}.self_attn.in_proj_weight`]!, params[`${at}.self_attn.in_proj_bias`]!];
  const projected = (t: number, row: number): number => {
    let sum = b[row]!;
    for (let i = 0; i < WIDTH; i++) sum += w[row * WIDTH + i]! * input!.values[t * WIDTH + i]!;
    return sum;
  };
  const d = WIDTH / HEADS;
  for (let head = 0; head < HEADS; head++) {
    for (let t = 0; t < T; t++) {
      const scores = Array.from({ length: t + 1 }, (_, s) => {
        let dot = 0;
        for (let i = 0; i < d; i++) dot += projected(t, head * d + i) * projected(s, WIDTH + head * d + i);
        return Math.exp(dot / Math.sqrt(d));
      });
      const total = scores.reduce((a, c) => a + c, 0);
      for (let s = 0; s < T; s++)
        expect(weights!.values[(head * T + t) * T + s]).toBeCloseTo(s <= t ? scores[s]! / total : 0, 12);
    }
  }
});

test("a name that is none is refused with the nearest, a batch of another size with both sizes", () => {
  expect(() => activationStep({ ...options, names: ["blocks.0.norm"] })).toThrow(
    /no layer named blocks.0.norm/,
  );
  const step = activationStep({ ...options, names: ["blocks.0"] });
  expect(() => step({ x: new Array(2 * T).fill(0) })).toThrow(/2 examples, and 1/);
});
