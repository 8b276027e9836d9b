/** The room's heading stands in its first experiment, beside the stage. */
import { getContext, setContext } from "svelte";
import type { Room } from "../rooms.ts";

interface Heading {
  readonly room: Room;
  taken: boolean;
}

const KEY = Symbol("heading");

export const provideHeading = (room: Room): void => void setContext<Heading>(KEY, { room, taken: false });

/** The room, for the first that asks; null for all others. */
export function takeHeading(): Room | null {
  const heading = getContext<Heading | undefined>(KEY);
  if (heading === undefined || heading.taken) return null;
  heading.taken = true;
  return heading.room;
}
