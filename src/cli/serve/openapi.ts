/** The OpenAPI document of a served model: its own columns, words and classes. */
import { classesOf } from "../../predict/interpret.ts";
import { version } from "../../run/version.ts";
import type { ModelRecord } from "../../train/model-record.ts";

type Schema = Readonly<Record<string, unknown>>;

export function openApi(record: ModelRecord): Schema {
  const text = record.input.kind === "text";
  const path = text ? "/generate" : "/predict";
  return {
    openapi: "3.1.0",
    info: { title: record.name, version, description: `A ${kindOf(record)} trained by steepest.` },
    paths: {
      [path]: {
        post: {
          summary: text ? "Writes on from a prompt" : "One prediction a row",
          requestBody: body(
            text
              ? generateRequest
              : {
                  type: "object",
                  required: ["rows"],
                  properties: { rows: { type: "array", items: rowSchema(record) } },
                },
          ),
          responses: {
            200: {
              description: "done",
              ...body(
                text ? { type: "object", properties: { text: { type: "string" } } } : predictions(record),
              ),
            },
            400: { description: "the body is not JSON", ...body(errorSchema) },
            413: { description: "the body is too large", ...body(errorSchema) },
            422: {
              description: "a row or an option can't be used; the message names it",
              ...body(errorSchema),
            },
          },
        },
      },
      "/health": { get: { summary: "Whether it answers", responses: { 200: { description: "it does" } } } },
    },
  };
}

const kindOf = ({ model }: ModelRecord): string => ("kind" in model ? `${model.kind} model` : "model");
const body = (schema: Schema): Schema => ({ content: { "application/json": { schema } } });

const errorSchema: Schema = {
  type: "object",
  properties: {
    error: {
      type: "object",
      required: ["id", "message"],
      properties: { id: { type: "string" }, message: { type: "string" }, help: { type: "string" } },
    },
  },
};

const generateRequest: Schema = {
  type: "object",
  required: ["prompt"],
  properties: {
    prompt: { type: "string" },
    length: { type: "integer", minimum: 1 },
    temperature: { type: "number", minimum: 0 },
    topK: { type: "integer", minimum: 1 },
    seed: { type: "integer", minimum: 0 },
  },
};

function rowSchema({ input, row }: ModelRecord): Schema {
  if (input.kind !== "table") {
    return row.shape.reduceRight<Schema>((items, n) => ({ type: "array", minItems: n, maxItems: n, items }), {
      type: "number",
    });
  }
  const { features } = input.encoding;
  return {
    type: "object",
    required: features.map((c) => c.name),
    properties: Object.fromEntries(
      features.map(({ name, words }) => [
        name,
        words === null ? { type: "number" } : { type: "string", enum: words },
      ]),
    ),
  };
}

function predictions(record: ModelRecord): Schema {
  const classes = classesOf(record);
  const number = { type: "number" };
  const one =
    classes === null
      ? { prediction: record.outputs === 1 ? number : { type: "array", items: number } }
      : {
          prediction: { type: "string", enum: classes },
          probability: number,
          probabilities: { type: "object", additionalProperties: number },
        };
  return {
    type: "object",
    properties: { predictions: { type: "array", items: { type: "object", properties: one } } },
  };
}
