/** `steepest lab`: serves the page until Ctrl-C. */
import { SteepestError } from "../../run/errors.ts";
import type { Invocation } from "../command.ts";
import { endOfService } from "../interrupt.ts";
import { serveSite } from "../lab/server.ts";
import { labFolder, readSite } from "../lab/site.ts";
import { isLoopback } from "../listen.ts";

export async function run({ args, options, terminal, json }: Invocation): Promise<number> {
  if (args.length > 0) {
    throw new SteepestError("usage", `lab takes no argument, and got ${args.join(" ")}`, {
      help: "see steepest lab --help",
    });
  }
  const host = String(options["host"]);
  const port = (options["port"] as number | undefined) ?? null;
  const serving = await serveSite(readSite(labFolder()), { host, port });
  const ended = endOfService();
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
