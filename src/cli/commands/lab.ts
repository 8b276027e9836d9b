/** `steepest lab`: serves the page until Ctrl-C. */
import { SteepestError } from "../../run/errors.ts";
import type { Invocation } from "../command.ts";
import { isLoopback, serveSite } from "../lab/server.ts";
import { labFolder, readSite } from "../lab/site.ts";

export async function run({ args, options, terminal, json }: Invocation): Promise<number> {
  if (args.length > 0) {
    throw new SteepestError("usage", `lab takes no argument, and got ${args.join(" ")}`, {
      help: "see steepest lab --help",
    });
  }
  const host = String(options["host"]);
  const port = options["port"] === undefined ? null : parsePort(options["port"]);
  const serving = await serveSite(readSite(labFolder()), { host, port });
  const ended = interrupted();
  if (json) terminal.print(JSON.stringify({ schema: "steepest.lab/1", url: serving.url }));
  else terminal.print(`The lab is at ${terminal.colors.bold(serving.url)}`);
  if (!isLoopback(host))
    terminal.note("Other machines can reach it; leave --host out to keep it to this one.");
  terminal.note("Ctrl-C ends it.");
  if (options["open"] !== false) await openBrowser(serving.url, terminal.note);
  const code = await ended;
  await serving.close();
  return code;
}

/** 130 after Ctrl-C, 0 when a supervisor asks to end. */
const interrupted = (): Promise<number> =>
  new Promise((resolve) => {
    process.once("SIGINT", () => resolve(130));
    process.once("SIGTERM", () => resolve(0));
  });

async function openBrowser(url: string, note: (text: string) => void): Promise<void> {
  const { default: open } = await import("open");
  try {
    const child = await open(url);
    child.once("error", (error) =>
      note(`No browser could be opened (${error.message}): follow the address above.`),
    );
  } catch (error) {
    note(`No browser could be opened (${(error as Error).message}): follow the address above.`);
  }
}

function parsePort(text: unknown): number {
  const port = Number(text);
  if (/^\d+$/.test(String(text)) && port <= 65_535) return port;
  throw new SteepestError("usage", `--port is ${String(text)}`, {
    help: "give --port a whole number from 0 to 65535",
  });
}
