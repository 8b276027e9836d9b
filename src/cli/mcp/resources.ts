/** Files that answers link to, for clients that read them through the server. */
import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
} from "@modelcontextprotocol/server";
import { SteepestError } from "../../run/errors.ts";
import type { Folders } from "./folders.ts";

/** Bytes of a file that is given whole. */
const MAX_BYTES = 1 << 20;

const TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

export function serveFiles(server: McpServer, folders: Folders): void {
  server.registerResource(
    "file",
    new ResourceTemplate("file://{+path}", { list: undefined }),
    { title: "A log or a result", description: "A file in the folders of this server, up to 1 MiB" },
    (uri) => {
      const path = allowed(() => folders.inside(fileURLToPath(uri)));
      const file = statSync(path, { throwIfNoEntry: false });
      if (file?.isFile() !== true) throw refusal(`there is no such file: ${folders.show(path)}`);
      if (file.size > MAX_BYTES)
        throw refusal(`${folders.show(path)} has more than 1 MiB: read it in parts by other means`);
      const bytes = readFileSync(path);
      const mimeType = TYPES[extname(path).toLowerCase()];
      const at = { uri: uri.href, ...(mimeType !== undefined && { mimeType }) };
      const text = bytes.includes(0) ? { blob: bytes.toString("base64") } : { text: bytes.toString("utf8") };
      return { contents: [{ ...at, ...text }] };
    },
  );
}

const refusal = (text: string): ProtocolError => new ProtocolError(ProtocolErrorCode.InvalidParams, text);

function allowed(path: () => string): string {
  try {
    return path();
  } catch (error) {
    if (error instanceof SteepestError) throw refusal(error.message);
    // an address with a host is no file of this machine
    if (error instanceof TypeError) throw refusal(error.message);
    throw error;
  }
}
