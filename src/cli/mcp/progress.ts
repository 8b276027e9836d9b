/** How far a long call is, told to the client once a second: it also keeps the client's patience. */
import type { ServerContext } from "@modelcontextprotocol/server";
import type { BarView } from "../progress.ts";

export interface Progress {
  readonly bar: BarView;
  readonly note: (text: string) => void;
  readonly stop: () => void;
}

const EVERY = 1000;
/** What a second without news adds: a client takes only what grows. */
const SIGN_OF_LIFE = 1e-6;

export function startProgress({ mcpReq }: ServerContext): Progress {
  const token = mcpReq._meta?.progressToken;
  let latest: { value: number; total: number | undefined; message: string } = {
    value: 0,
    total: undefined,
    message: "",
  };
  let sent = 0;
  const send = (): void => {
    sent = Math.max(sent + SIGN_OF_LIFE, latest.value);
    const { total, message } = latest;
    mcpReq
      .notify({
        method: "notifications/progress",
        params: { progressToken: token, progress: sent, ...(total !== undefined && { total }), message },
      })
      // a client that has gone is told by the signal of the call
      .catch(() => clearInterval(timer));
  };
  const timer = token === undefined ? undefined : setInterval(send, EVERY);
  const note = (text: string): void => {
    latest = { ...latest, message: text };
  };
  return {
    note,
    bar: {
      update: (value, text, { total, line = text } = {}) => {
        latest = { value, total: total ?? latest.total, message: line };
      },
      note,
      stop: () => {},
    },
    stop: () => clearInterval(timer),
  };
}
