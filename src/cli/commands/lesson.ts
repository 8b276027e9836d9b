/** `steepest lesson`: runs claims of the lesson and prints claimed against measured. */

import { chooseBackend } from "../../engine/registry.ts";
import type { ClaimResult } from "../../lesson/claim.ts";
import { walkthroughClaims } from "../../lesson/walkthrough.ts";
import { closest, SteepestError } from "../../run/errors.ts";
import type { Invocation } from "../command.ts";
import { showNumber, table } from "../terminal.ts";

const parts = { walkthrough: walkthroughClaims } as const;

export async function run({ options, terminal, json }: Invocation): Promise<undefined> {
  const only = typeof options["only"] === "string" ? options["only"].split(",") : Object.keys(parts);
  const backend = await chooseBackend("auto");
  const claims: ClaimResult[] = only.flatMap((id) => {
    if (Object.hasOwn(parts, id)) return parts[id as keyof typeof parts](backend);
    const near = closest(id, Object.keys(parts));
    throw new SteepestError("usage", `the lesson has no part "${id}"`, {
      help: near ? `did you mean "${near}"?` : `the parts are ${Object.keys(parts).join(", ")}`,
    });
  });
  if (json) {
    terminal.print(JSON.stringify({ schema: "steepest.lesson/1", backend: backend.name, claims }));
    return;
  }
  const rows = claims.map((c) => [
    c.claim,
    typeof c.claimed === "number" ? String(c.claimed) : c.claimed.replace(/ \(.*/, ""),
    showNumber(c.measured.final),
    c.verdict,
  ]);
  terminal.print(table([["claim", "claimed", "measured", "verdict"], ...rows]));
  for (const c of claims) if (c.condition !== null) terminal.print(`${c.id} holds with ${c.condition}`);
}
