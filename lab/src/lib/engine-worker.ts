/** The one worker of the page: rooms bring their own module, loaded when first asked for. */
import { expose, proxy, transferHandlers } from "comlink";
import { SteepestError } from "steepest/run";
import type { MakeThumb, Thumb } from "./thumb.ts";

type RoomModule = Readonly<Record<string, unknown>>;

const modules = import.meta.glob<RoomModule>("../rooms/*/worker.ts");
const thumbs = import.meta.glob<{ readonly thumb: MakeThumb }>("../rooms/*/thumb.ts");

const plain = transferHandlers.get("throw")!;
transferHandlers.set("throw", {
  ...plain,
  serialize(thrown) {
    const [sent, transferred] = plain.serialize(thrown);
    const error = (thrown as { value: unknown }).value;
    // comlink sends name, message and stack of an error; ours also have an id and a remedy
    if (error instanceof SteepestError) {
      Object.assign((sent as { value: object }).value, { id: error.id, help: error.help });
    }
    return [sent, transferred];
  },
});

async function open(room: string): Promise<RoomModule> {
  const load = modules[`../rooms/${room}/worker.ts`];
  if (load === undefined) throw new Error(`room ${room} has no worker.ts`);
  return proxy({ ...(await load()) });
}

/** What the first page shows of a room. */
async function thumb(room: string): Promise<Thumb> {
  const { thumb: make } = await thumbs[`../rooms/${room}/thumb.ts`]!();
  return make();
}

export type EngineWorker = { readonly open: typeof open; readonly thumb: typeof thumb };
expose({ open, thumb });
