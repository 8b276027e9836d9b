/** The server: its tools, and the files that their answers link to. */
import { CLIENT_CAPABILITIES_META_KEY, McpServer, type ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { version } from "../../run/version.ts";
import type { Folders } from "./folders.ts";
import { serveFiles } from "./resources.ts";
import { tools } from "./tools.ts";

export interface ServerSettings {
  readonly folders: Folders;
  /** Without the tools that run programs. */
  readonly readOnly: boolean;
  /** Aborted when the server ends. */
  readonly signal: AbortSignal;
  /** Told about every call, which has to come to an end before the server does. */
  readonly track: (work: Promise<unknown>) => void;
}

const INSTRUCTIONS =
  "steepest answers questions about training with gradient descent. Diagnose logs before you change a learning rate; find the " +
  "rate of a program by find_lr instead of guessing. Answers are short JSON; links lead to files with all details.";

const Envelope = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({
    elicitation: z.object({ form: z.unknown(), url: z.unknown() }).partial().optional(),
  }),
});

export function createServer({ folders, readOnly, signal, track }: ServerSettings): McpServer {
  const server = new McpServer({ name: "steepest", version }, { instructions: INSTRUCTIONS });
  const canAsk = ({ mcpReq: { envelope } }: ServerContext): boolean => {
    // the newer protocol tells it with every request, the older one once
    const told = Envelope.safeParse(envelope).data?.[CLIENT_CAPABILITIES_META_KEY];
    const asks = (told ?? server.server.getClientCapabilities())?.elicitation;
    return asks !== undefined && (asks.form !== undefined || asks.url === undefined);
  };
  for (const tool of tools)
    if (tool.reads || !readOnly) tool.register(server, { folders, canAsk, signal }, track);
  serveFiles(server, folders);
  return server;
}
