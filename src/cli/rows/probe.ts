import type { CommandRow } from "../command.ts";

export const probe: CommandRow = {
  name: "probe",
  about: "print a Python file that logs what happens inside a PyTorch training",
  define: (c) => {
    c.addHelpText(
      "after",
      [
        "",
        "  steepest probe > steepest_probe.py",
        "",
        "In the training, after the optimizer is made, and at the end of each step:",
        "  from steepest_probe import Probe",
        '  probe = Probe(model, optimizer, "probe.jsonl")',
        "  probe.step(loss)",
        "Then: steepest diagnose probe.jsonl. The file needs PyTorch 1.13 or newer and nothing else; its head says what",
        "it logs. docs/any-trainer.md has the callbacks for Hugging Face and Lightning.",
      ].join("\n"),
    );
  },
  load: () => import("../commands/probe.ts"),
};
