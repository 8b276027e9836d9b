/** Requests → answers for the lab's page. */
import { Hono } from "hono";
import { LOOPBACK_NAME } from "../listen.ts";
import { contentPolicy } from "./policy.ts";
import type { Site } from "./site.ts";

export interface AppOptions {
  /** Listening on loopback only: a request under any other host name then comes from a page that was rebound to us. */
  readonly loopback: boolean;
}

const headers: Readonly<Record<string, string>> = {
  "content-security-policy": `${contentPolicy}; frame-ancestors 'self'`,
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export function createApp(site: Site, { loopback }: AppOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    if (loopback && !LOOPBACK_NAME.test(c.req.header("host") ?? "")) {
      return c.text("this server answers to localhost only\n", 421, headers);
    }
    if (c.req.method !== "GET" && c.req.method !== "HEAD") {
      return c.text("only GET and HEAD\n", 405, { ...headers, allow: "GET, HEAD" });
    }
    await next();
  });
  app.get("*", (c) => {
    const file = site.get(c.req.path);
    if (!file) return c.text("not found\n", 404, headers);
    const answer: Record<string, string> = {
      ...headers,
      "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
      etag: file.etag,
      vary: "accept-encoding",
    };
    if (c.req.header("if-none-match") === file.etag) return c.body(null, 304, answer);
    answer["content-type"] = file.type;
    const accepted = c.req.header("accept-encoding") ?? "";
    for (const encoding of ["br", "gzip"] as const) {
      if (!new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0(?:\\.0*)?(?:,|$))`).test(accepted)) continue;
      const body = file.encoded(encoding);
      if (body) return c.body(body, 200, { ...answer, "content-encoding": encoding });
    }
    return c.body(file.body, 200, answer);
  });
  return app;
}
