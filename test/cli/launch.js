// One command line in a process of its own.
import { main } from "./program.js";

await main();
