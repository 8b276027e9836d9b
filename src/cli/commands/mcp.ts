/** `steepest mcp`: a Model Context Protocol server on standard input and output, until its client goes. */
import { SteepestError } from "../../run/errors.ts";
import { optionalPackage } from "../../run/node-package.ts";
import type { Invocation } from "../command.ts";
import { catchInterrupt } from "../interrupt.ts";
import { allowFolders } from "../mcp/folders.ts";

export async function run({ options, terminal, json }: Invocation): Promise<number> {
  if (json) {
    throw new SteepestError("usage", "--json has no meaning here", {
      help: "leave it out: the protocol is JSON already",
    });
  }
  const folders = allowFolders((options["allow"] as string[] | undefined) ?? ["."]);
  // relative paths, and programs that are run, begin here
  process.chdir(folders.first);
  const { createServer, serveStdio } = await optionalPackage(
    "@modelcontextprotocol/server",
    "steepest mcp",
    async () => ({
      ...(await import("@modelcontextprotocol/server/stdio")),
      ...(await import("../mcp/server.ts")),
    }),
  );
  const interrupt = catchInterrupt();
  const work = new Set<Promise<unknown>>();
  const handle = serveStdio(
    () =>
      createServer({
        folders,
        readOnly: options["readOnly"] === true,
        signal: interrupt.signal,
        track: (promise) => {
          work.add(promise);
          void promise.finally(() => work.delete(promise));
        },
      }),
    { onerror: (error) => terminal.note(`warning: ${error.message}`) },
  );
  try {
    await Promise.race([inputEnded(), aborted(interrupt.signal)]);
    await handle.close();
    // what runs has been told to end: no training stays behind
    await Promise.allSettled(work);
    return interrupt.signal.aborted ? 130 : 0;
  } finally {
    interrupt.release();
  }
}

const inputEnded = (): Promise<void> =>
  new Promise((resolve) => {
    process.stdin.once("end", resolve);
    process.stdin.once("close", resolve);
  });

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
