/** Serves the lab's page. */
import { isLoopback, listen, type Serving } from "../listen.ts";
import { createApp } from "./app.ts";
import type { Site } from "./site.ts";

export const DEFAULT_PORT = 4600;

export interface ServeOptions {
  readonly host: string;
  /** Exactly this port (0: any), or null for the first that is free from 4600 on. */
  readonly port: number | null;
}

export const serveSite = (site: Site, { host, port }: ServeOptions): Promise<Serving> =>
  listen(createApp(site, { loopback: isLoopback(host) }).fetch, {
    host,
    port,
    first: DEFAULT_PORT,
    id: "lab",
  });
