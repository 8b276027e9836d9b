/** The forms of a message to a webhook. Small: the command's help needs them. */
export type WebhookForm = "slack" | "discord" | "ntfy" | "json";

export const WEBHOOK_FORMS: readonly WebhookForm[] = ["slack", "discord", "ntfy", "json"];
