/** Listens for HTTP, on the port asked for or on the first that is free. */
import type { AddressInfo, Server } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { SteepestError } from "../run/errors.ts";

const TRIES = 50;

export interface ListenOptions {
  readonly host: string;
  /** Exactly this port (0: any), or null for the first that is free from `first` on. */
  readonly port: number | null;
  readonly first: number;
  /** Of the errors: the command's name. */
  readonly id: string;
}

export interface Serving {
  /** With a slash at the end. */
  readonly url: string;
  /** Ends every connection at once. */
  readonly close: () => Promise<void>;
  /** Takes no new requests and waits for those under way, for so many milliseconds at most. */
  readonly drain: (milliseconds: number) => Promise<void>;
}

export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host);

/** What a client of a server on loopback calls it; any other name comes from a page that was rebound to us. */
export const LOOPBACK_NAME: RegExp = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** `fetch` answers the requests. Throws an error of `id` for a port that is taken, and an address that is not ours. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  options: ListenOptions,
): Promise<Serving> {
  const { host } = options;
  const server = createAdaptorServer({ fetch }) as Server & { closeAllConnections?: () => void };
  const at = await bind(server, options);
  const anywhere = host === "0.0.0.0" || host === "::";
  const name = anywhere ? "localhost" : at.family === "IPv6" ? `[${at.address}]` : at.address;
  return {
    url: `http://${name}:${at.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections?.();
      }),
    drain: (milliseconds) =>
      new Promise((resolve) => {
        const late = setTimeout(() => server.closeAllConnections?.(), milliseconds);
        server.close(() => {
          clearTimeout(late);
          resolve();
        });
      }),
  };
}

async function bind(server: Server, { host, port, first, id }: ListenOptions): Promise<AddressInfo> {
  for (let at = port ?? first; ; at++) {
    try {
      return await tryPort(server, host, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && port === null && at < first + TRIES) continue;
      throw explain(code, error, { id, host, port: at });
    }
  }
}

const tryPort = (server: Server, host: string, port: number): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve(server.address() as AddressInfo);
    });
  });

function explain(
  code: string | undefined,
  cause: unknown,
  { id, host, port }: { id: string; host: string; port: number },
): unknown {
  const where = `at ${host}`;
  if (code === "EADDRINUSE") {
    return new SteepestError(id, `port ${port} is taken by another program`, {
      where,
      help: "choose another --port, or leave it out and the first free one is taken",
      cause,
    });
  }
  if (code === "EACCES") {
    return new SteepestError(id, `this user may not listen on port ${port}`, {
      where,
      help: "choose a --port above 1023",
      cause,
    });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EINVAL") {
    return new SteepestError(id, `${host} is no address of this machine`, {
      help: "give --host an address of this machine, such as 127.0.0.1 or 0.0.0.0",
      cause,
    });
  }
  return cause;
}
