/** Requests → predictions. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { type GenerateOptions, generate } from "../../predict/generate.ts";
import { classesOf, type Prediction } from "../../predict/interpret.ts";
import { encodeRows } from "../../predict/predict.ts";
import type { Floats, TrainedModel } from "../../predict/trained-model.ts";
import { SteepestError } from "../../run/errors.ts";
import { LOOPBACK_NAME } from "../listen.ts";
import { openApi } from "./openapi.ts";
import { predictionQueue } from "./queue.ts";

export interface AppOptions {
  /** Listening on loopback only. */
  readonly loopback: boolean;
  /** Bytes of the largest request. */
  readonly maxBytes: number;
}

/** Characters that one request may ask for. */
export const MAX_CHARACTERS = 10_000;

export function createServeApp(model: TrainedModel, { loopback, maxBytes }: AppOptions): Hono {
  const { record, step, batchSize, rowSize } = model;
  const classes = classesOf(record);
  const predict = predictionQueue(model);
  /** The answer to many rows, a batch at a time: only one batch's predictions are in memory, and others get their turn. */
  async function* pieces(values: Floats, count: number): AsyncGenerator<string> {
    for (let first = 0; first < count; first += batchSize) {
      const rows = Math.min(batchSize, count - first);
      const found = await predict(values.subarray(first * rowSize, (first + rows) * rowSize), rows);
      const text = found.map((p) => JSON.stringify(named(p, classes))).join(",");
      yield `${first === 0 ? '{"predictions":[' : ","}${text}`;
    }
    yield "]}";
  }
  const document = openApi(record);
  const app = new Hono();
  app.use(async (c, next) => {
    if (loopback && !LOOPBACK_NAME.test(c.req.header("host") ?? ""))
      throw refusal(421, "it answers to localhost only");
    await next();
  });
  app.use(
    bodyLimit({
      maxSize: maxBytes,
      onError: () => {
        throw refusal(413, `a request has at most ${maxBytes} bytes`);
      },
    }),
  );
  app.get("/health", (c) => c.json({ status: "ok", model: record.name, step }));
  app.get("/openapi.json", (c) => c.json(document));
  if (record.input.kind === "text") {
    app.post("/generate", async (c) => {
      const options = generateOptions(await c.req.json());
      return c.json({ text: [...generate(model, options)].join("") });
    });
  } else {
    app.post("/predict", async (c) => {
      const rows = rowsOf(await c.req.json());
      const count = rows.length;
      const values = encodeRows(record, rows);
      if (count > batchSize)
        return c.body(stream(pieces(values, count)), 200, { "content-type": "application/json" });
      const found = await predict(values, count);
      return c.json({ predictions: found.map((p) => named(p, classes)) });
    });
  }
  app.notFound((c) =>
    c.json(errorBody("not-found", `there is no ${c.req.method} ${c.req.path}`, "see GET /openapi.json"), 404),
  );
  app.onError((error, c) => {
    if (error instanceof HTTPException) return c.json(errorBody("request", error.message), error.status);
    if (error instanceof SyntaxError)
      return c.json(errorBody("json", `the body is not JSON: ${error.message}`), 400);
    if (error instanceof SteepestError) return c.json(errorBody(error.id, error.message, error.help), 422);
    process.stderr.write(`${error.stack ?? error.message}\n`);
    return c.json(errorBody("internal", "the prediction failed; the server's own log has the reason"), 500);
  });
  return app;
}

const refusal = (status: 413 | 421 | 422, message: string): HTTPException =>
  new HTTPException(status, { message });

const errorBody = (id: string, message: string, help?: string): object => ({
  error: { id, message, ...(help !== undefined && { help }) },
});

/** As bytes, made when they are asked for. */
function stream(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (to) => {
      const { value, done } = await texts.next();
      if (done) to.close();
      else to.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await texts.return(undefined)),
  });
}

/** `{ rows: […] }` */
function rowsOf(body: unknown): readonly unknown[] {
  const rows = typeof body === "object" && body !== null && "rows" in body ? body.rows : undefined;
  if (Array.isArray(rows)) return rows;
  throw refusal(422, 'the body is { "rows": [ … ] }, with one record a row');
}

const named = ({ probabilities, ...rest }: Prediction, classes: readonly string[] | null): object => ({
  ...rest,
  ...(probabilities &&
    classes && { probabilities: Object.fromEntries(classes.map((name, c) => [name, probabilities[c]])) }),
});

function generateOptions(body: unknown): GenerateOptions {
  const { prompt, length = 200, temperature = 1, topK, seed = 0 } = (body ?? {}) as Partial<GenerateOptions>;
  const whole = (x: unknown, min: number, max: number): boolean =>
    Number.isSafeInteger(x) && (x as number) >= min && (x as number) <= max;
  const wrong =
    typeof prompt !== "string"
      ? "prompt is a text"
      : !whole(length, 1, MAX_CHARACTERS)
        ? `length is a whole number from 1 to ${MAX_CHARACTERS}`
        : !(Number.isFinite(temperature) && temperature >= 0)
          ? "temperature is a number from 0"
          : topK !== undefined && !whole(topK, 1, Number.MAX_SAFE_INTEGER)
            ? "topK is a whole number from 1"
            : !whole(seed, 0, Number.MAX_SAFE_INTEGER)
              ? "seed is a whole number from 0"
              : null;
  if (wrong !== null) throw refusal(422, wrong);
  return { prompt: prompt!, length, temperature, topK, seed };
}
