/** Who is told about alerts: a command of the user's, and an address. */
import type { Finding } from "../../diagnose/index.ts";
import { headlineOf, type Judged, nameOf } from "../../diagnose/words.ts";
import type { RunLog } from "../../logs/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { createAlertCommand } from "./alert.ts";
import { alertMessage, createWebhook, type Webhook } from "./webhook.ts";
import type { WebhookForm } from "./webhook-forms.ts";

/** Of `run` and of `diagnose --watch`, as receiver-flags.ts declares them. */
export interface ReceiverFlags {
  readonly onAlert?: string;
  readonly webhook?: string;
  readonly webhookForm?: WebhookForm;
}

/** The flag of a receiver that is given. */
export const receiverNamed = ({ onAlert, webhook, webhookForm }: ReceiverFlags): string | undefined =>
  onAlert !== undefined
    ? "--on-alert"
    : webhook !== undefined
      ? "--webhook"
      : webhookForm !== undefined
        ? "--webhook-form"
        : undefined;

export interface Receivers {
  readonly alert: (finding: Finding, log: RunLog) => void;
  /** The last message: the diagnosis under this title. */
  readonly ended: (title: string, judged: readonly Judged[]) => void;
  readonly settled: () => Promise<void>;
}

/**
 * `fail` is told why a command failed or a message did not arrive.
 * @throws SteepestError for a form without an address, and for an address that is none.
 */
export function createReceivers(
  { onAlert, webhook, webhookForm }: ReceiverFlags,
  fail: (text: string) => void,
): Receivers {
  if (webhookForm !== undefined && webhook === undefined) {
    throw new SteepestError("usage", "--webhook-form needs --webhook", { help: "give the address as well" });
  }
  const command = onAlert === undefined ? null : createAlertCommand(onAlert, fail);
  const hook: Webhook | null = webhook === undefined ? null : createWebhook(webhook, webhookForm, fail);
  return {
    alert(finding, log) {
      command?.run(finding, nameOf(log));
      hook?.send(alertMessage(finding, log, nameOf(log)));
    },
    ended(title, judged) {
      hook?.send({
        title,
        text:
          judged.map(({ run }) => `${headlineOf(run).words}. ${run.action.text}`).join("\n") ||
          "no log was read",
        severity: judged.some(({ run }) => run.findings.some((f) => f.severity === "critical"))
          ? "critical"
          : "info",
        data: { runs: judged.map(({ run }) => ({ run: nameOf(run), verdict: run.verdict })) },
      });
    },
    settled: async () => void (await Promise.all([command?.settled(), hook?.settled()])),
  };
}
