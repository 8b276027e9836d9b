/** `steepest serve <run>`: a trained model over HTTP until Ctrl-C. */
import { openTrained } from "../../predict/node-load-run.ts";
import type { Invocation } from "../command.ts";
import { endOfService } from "../interrupt.ts";
import { isLoopback, listen } from "../listen.ts";
import { createServeApp } from "../serve/app.ts";

const FIRST_PORT = 4700;
/** Milliseconds that requests under way may take after the end was asked for. */
const DRAIN = 10_000;

type Flags = { readonly port?: number; readonly host: string; readonly maxBytes: number };

export async function run({ args, options, terminal, json }: Invocation): Promise<number> {
  const { port = null, host, maxBytes } = options as Flags;
  const model = await openTrained(args[0]!, { fewRows: true });
  // compiled before the first request, whose answer would wait for it
  if (model.record.input.kind !== "text") model.forward(new Float32Array(model.rowSize));
  const app = createServeApp(model, { loopback: isLoopback(host), maxBytes: maxBytes });
  const serving = await listen(app.fetch, { host, port, first: FIRST_PORT, id: "serve" });
  const ended = endOfService();
  const { name } = model.record;
  if (json) terminal.print(JSON.stringify({ schema: "steepest.serve/1", url: serving.url, model: name }));
  else terminal.print(`${name} answers at ${terminal.colors.bold(serving.url)}`);
  terminal.note("Ctrl-C ends it.");
  const code = await ended;
  await serving.drain(DRAIN);
  return code;
}
