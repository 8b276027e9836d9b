/** Writes schema/run.schema.json from the run file's zod schema. Run it with `npx jiti scripts/write-schema.ts`. */
import { writeFileSync } from "node:fs";
import { runJsonSchema } from "../src/run/run-schema.ts";

const file = new URL("../schema/run.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(runJsonSchema(), null, 2)}\n`);
