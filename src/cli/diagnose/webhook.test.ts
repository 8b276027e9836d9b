import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createWebhook } from "./webhook.ts";

test("a redirect is not followed: what is told goes to the address that was given", async () => {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url!);
    response.writeHead(307, { location: "/elsewhere" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const failed: string[] = [];
  const { send, settled } = createWebhook(`http://127.0.0.1:${port}/hook`, "json", (text) =>
    failed.push(text),
  );
  send({ title: "t", text: "x", severity: "critical", data: {} });
  await settled();
  server.close();
  expect(asked).toEqual(["/hook"]);
  expect(failed.join()).toContain("it answered 307: give the address that it leads to");
});
