/** The flags that name receivers of alerts. Small: the command's help needs them. */
import { type Command, Option } from "commander";
import { WEBHOOK_FORMS } from "./webhook-forms.ts";

/** `when` is the condition that the help tells, such as "with --watch: ". */
export const receiverFlags = (command: Command, when = ""): Command =>
  command
    .option("--on-alert <command>", `${when}run this for every warning or critical alert`)
    .option(
      "--webhook <address>",
      `${when}post every warning or critical alert, and the end, to this address`,
    )
    .addOption(
      new Option("--webhook-form <form>", "what the receiver takes; default: by its address").choices(
        WEBHOOK_FORMS,
      ),
    );
