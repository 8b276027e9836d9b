// The command line from the sources, whether or not there is a build.
import { createJiti } from "jiti";

const { main } = await createJiti(import.meta.url).import("../../src/cli/main.ts");
await main();
