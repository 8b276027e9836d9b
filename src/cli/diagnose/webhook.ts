/** `--webhook`: a message to a chat or to a program for each alert, in the form that the receiver takes. */
import type { Finding } from "../../diagnose/index.ts";
import { evidenceWords, stepsWords, titleOf } from "../../diagnose/words.ts";
import { SteepestError } from "../../run/errors.ts";
import type { RunLog } from "../../run/log.ts";
import type { WebhookForm } from "./webhook-forms.ts";

export interface Message {
  readonly title: string;
  readonly text: string;
  readonly severity: Finding["severity"];
  /** For programs: what the text says, as data. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Webhook {
  readonly send: (message: Message) => void;
  /** Resolves when every message has been taken or given up. */
  readonly settled: () => Promise<void>;
}

/** Milliseconds that a receiver may take. */
const PATIENCE = 10_000;

interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_BODY = { "content-type": "application/json" };

const FORMS: Record<WebhookForm, (message: Message) => Request> = {
  slack: ({ title, text }) => ({ headers: JSON_BODY, body: JSON.stringify({ text: `*${title}*\n${text}` }) }),
  discord: ({ title, text }) => ({
    headers: JSON_BODY,
    // Discord refuses more than 2,000 characters
    body: JSON.stringify({
      content: `**${title}**\n${text}`.slice(0, 2000),
      allowed_mentions: { parse: [] },
    }),
  }),
  ntfy: ({ title, text, severity }) => ({
    // headers hold ASCII only
    headers: { title: title.replace(/[^ -~]/g, "?"), priority: severity === "critical" ? "high" : "default" },
    body: text,
  }),
  json: ({ title, text, severity, data }) => ({
    headers: JSON_BODY,
    body: JSON.stringify({ title, text, severity, ...data }),
  }),
};

/**
 * `fail` is told, once for each message, why it did not arrive.
 * @throws SteepestError when the address is none.
 */
export function createWebhook(
  address: string,
  form: WebhookForm | undefined,
  fail: (text: string) => void,
): Webhook {
  const url = addressOf(address);
  const write = FORMS[form ?? formOf(url)];
  let last: Promise<void> = Promise.resolve();
  return {
    send: (message) => {
      last = last.then(async () => {
        const reason = await post(url, write(message));
        if (reason !== null) fail(`the webhook at ${url.host} did not take a message: ${reason}`);
      });
    },
    settled: () => last,
  };
}

/** An alert as a message. */
export function alertMessage(finding: Finding, log: RunLog, run: string): Message {
  const place = stepsWords([finding.steps[0], finding.steps[0]], log.stepUnit);
  return {
    title: `${titleOf(finding.id)} at ${place}`,
    text: `${run}: ${evidenceWords(finding.evidence)}`,
    severity: finding.severity,
    data: { run, finding: finding.id, steps: finding.steps, evidence: finding.evidence },
  };
}

function addressOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url !== null && (url.protocol === "https:" || url.protocol === "http:")) return url;
  throw new SteepestError("usage", `--webhook needs an http or https address, and "${address}" is none`, {
    help: "for example --webhook https://ntfy.sh/my-topic",
  });
}

function formOf({ hostname, pathname }: URL): WebhookForm {
  if (hostname === "hooks.slack.com") return "slack";
  if (/(^|\.)discord(app)?\.com$/.test(hostname) && pathname.startsWith("/api/webhooks/")) return "discord";
  if (/(^|[.-])ntfy([.-]|$)/.test(hostname)) return "ntfy";
  return "json";
}

/** Why it failed, or null. */
async function post(url: URL, { headers, body }: Request): Promise<string | null> {
  try {
    // what is told of a training goes to the address that was given, and to no other
    const answer = await fetch(url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    await answer.body?.cancel();
    if (answer.status >= 300 && answer.status < 400)
      return `it answered ${answer.status}: give the address that it leads to`;
    return answer.ok ? null : `it answered ${answer.status}`;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return error.name === "TimeoutError"
      ? `no answer within ${PATIENCE / 1000} s`
      : String(error.cause ?? error.message);
  }
}
