/** What `diagnose --format` takes; apart from the writers, so that --help does not load them. */
export const FORMAT_NAMES = ["markdown", "github", "sarif", "brief"] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];
