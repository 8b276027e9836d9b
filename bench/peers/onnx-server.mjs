/** A trained model behind HTTP as one writes it with ONNX Runtime: a session, a request a run. Prints its address. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const [, , runtime, file, shape, labels] = process.argv;
const { InferenceSession, Tensor } = await import(runtime);
// one thread each, as steepest's server has
const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
const [input] = session.inputNames;
const [output] = session.outputNames;
const row = JSON.parse(shape);
const names = JSON.parse(labels);
const app = new Hono();
app.post("/predict", async (c) => {
  const { rows } = await c.req.json();
  const values = Float32Array.from(rows.flat(Number.POSITIVE_INFINITY));
  const answers = (await session.run({ [input]: new Tensor("float32", values, [rows.length, ...row]) }))[
    output
  ];
  const width = answers.data.length / rows.length;
  const predictions = rows.map((_, i) => {
    const scores = Array.from(answers.data.subarray(i * width, (i + 1) * width));
    if (names.length === 0) return { prediction: scores[0] };
    const top = Math.max(...scores);
    const exps = scores.map((s) => Math.exp(s - top));
    const total = exps.reduce((a, b) => a + b, 0);
    const probabilities = Object.fromEntries(names.map((name, k) => [name, exps[k] / total]));
    return { prediction: names[scores.indexOf(top)], probability: 1 / total, probabilities };
  });
  return c.json({ predictions });
});
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});
