// Command lines that come as messages, one after another in one process: most of a short one's time is the start.
import { main } from "./program.js";

let text = { stdout: "", stderr: "" };
for (const name of ["stdout", "stderr"]) {
  process[name].write = (chunk, encoding, done) => {
    text[name] += chunk;
    (typeof encoding === "function" ? encoding : done)?.();
    return true;
  };
}

process.on("message", async ({ args, cwd }) => {
  text = { stdout: "", stderr: "" };
  process.exitCode = 0;
  process.chdir(cwd);
  await main(args);
  const code = process.exitCode;
  // a process has one `main`, which leaves its listeners where they are
  for (const name of ["stdout", "stderr"]) process[name].removeAllListeners("error");
  process.send({ code, ...text });
});
