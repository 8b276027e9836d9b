/** What the tools have in common: a description, arguments, and an answer of text and links. */
import { pathToFileURL } from "node:url";
import type {
  CallToolResult,
  InputRequiredResult,
  McpServer,
  ServerContext,
} from "@modelcontextprotocol/server";
import type { z } from "zod";
import { formatError, SteepestError } from "../../run/errors.ts";
import { plainJson } from "../../run/plain.ts";
import type { Folders } from "./folders.ts";

/** What a tool may use of the server. */
export interface Host {
  readonly folders: Folders;
  /** Whether a client can ask its user, for the request at hand. */
  readonly canAsk: (context: ServerContext) => boolean;
  /** Aborted when the server ends. */
  readonly signal: AbortSignal;
}

type Content = CallToolResult["content"][number];
export type Answer = CallToolResult | InputRequiredResult;

export interface ToolRow<Args> {
  readonly name: string;
  readonly title: string;
  /** When to call it and what comes back: the model chooses by this. */
  readonly description: string;
  readonly input: z.ZodType<Args>;
  /** It reads files at most; else it starts programs. */
  readonly reads: boolean;
  readonly call: (args: Args, context: ServerContext, host: Host) => Answer | Promise<Answer>;
}

/** A row of the table of tools, whatever its arguments. */
export interface Tool {
  readonly name: string;
  readonly reads: boolean;
  readonly register: (server: McpServer, host: Host, track: (work: Promise<unknown>) => void) => void;
}

export function defineTool<Args>(row: ToolRow<Args>): Tool {
  const { name, title, description, input, reads, call } = row;
  return {
    name,
    reads,
    register(server, host, track) {
      const config = {
        title,
        description,
        inputSchema: input,
        annotations: {
          readOnlyHint: reads,
          destructiveHint: !reads,
          idempotentHint: reads,
          openWorldHint: !reads,
        },
      };
      const answer = async (args: unknown, context: ServerContext): Promise<Answer> => {
        const work = Promise.resolve().then(() => call(input.parse(args), context, host));
        track(work.catch(() => {}));
        try {
          return await work;
        } catch (error) {
          // what the caller can put right is an answer; anything else is a defect, and says so
          if (!(error instanceof SteepestError)) throw error;
          return { isError: true, content: [{ type: "text", text: formatError(error) }] };
        }
      };
      server.registerTool(name, config, (args, context) => answer(args, context));
    },
  };
}

/** One JSON document for the model, lines of notes, links to files. */
export function answerOf(
  text: string,
  { notes = [], files = [], more = [] }: { notes?: string[]; files?: FileLink[]; more?: Content[] } = {},
): CallToolResult {
  return {
    content: [
      { type: "text", text: plainJson(text) },
      ...(notes.length === 0 ? [] : [{ type: "text" as const, text: notes.join("\n") }]),
      ...more,
      ...files.map(
        ({ path, name, mimeType }): Content => ({
          type: "resource_link",
          uri: pathToFileURL(path).href,
          name,
          ...(mimeType !== undefined && { mimeType }),
        }),
      ),
    ],
  };
}

export interface FileLink {
  /** Absolute. */
  readonly path: string;
  readonly name: string;
  readonly mimeType?: string;
}
