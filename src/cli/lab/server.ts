/** Listens, on the port asked for or on the first that is free. */
import type { AddressInfo, Server } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { SteepestError } from "../../run/errors.ts";
import { createApp } from "./app.ts";
import type { Site } from "./site.ts";

export const DEFAULT_PORT = 4600;
const TRIES = 50;

export interface ServeOptions {
  readonly host: string;
  /** Exactly this port (0: any), or null for the first that is free from 4600 on. */
  readonly port: number | null;
}

export interface Serving {
  /** With a slash at the end. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host);

export async function serveSite(site: Site, { host, port }: ServeOptions): Promise<Serving> {
  const app = createApp(site, { loopback: isLoopback(host) });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server & { closeAllConnections?: () => void };
  const at = await listen(server, host, port);
  const anywhere = host === "0.0.0.0" || host === "::";
  const name = anywhere ? "localhost" : at.family === "IPv6" ? `[${at.address}]` : at.address;
  return {
    url: `http://${name}:${at.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections?.();
      }),
  };
}

async function listen(server: Server, host: string, port: number | null): Promise<AddressInfo> {
  for (let at = port ?? DEFAULT_PORT; ; at++) {
    try {
      return await tryPort(server, host, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && port === null && at < DEFAULT_PORT + TRIES) continue;
      throw explain(code, error, host, at);
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

function explain(code: string | undefined, cause: unknown, host: string, port: number): unknown {
  const where = `at ${host}`;
  if (code === "EADDRINUSE") {
    return new SteepestError("lab", `port ${port} is taken by another program`, {
      where,
      help: "choose another --port, or leave it out and the first free one is taken",
      cause,
    });
  }
  if (code === "EACCES") {
    return new SteepestError("lab", `this user may not listen on port ${port}`, {
      where,
      help: "choose a --port above 1023",
      cause,
    });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EINVAL") {
    return new SteepestError("lab", `${host} is no address of this machine`, {
      help: "give --host an address of this machine, such as 127.0.0.1 or 0.0.0.0",
      cause,
    });
  }
  return cause;
}
