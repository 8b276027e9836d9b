/** Writes the reference of the package's names to site/. Run it by `npm run docs:api`. */
import { fileURLToPath } from "node:url";
import { writeReference } from "./site/reference.ts";

await writeReference(fileURLToPath(new URL("../site", import.meta.url)));
