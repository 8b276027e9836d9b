/** Which step is shown: the address's, one that plays, or the first pass when a room opens. */
import { currentPlace } from "./place.svelte.ts";
import { prefersStill } from "./theme.svelte.ts";

interface Options {
  /** The step in the address. */
  readonly get: () => number;
  readonly set: (step: number) => void;
  /** The last step. */
  readonly steps: () => number;
  /** There is something to show: the first pass begins then. */
  readonly ready: () => boolean;
  /** Steps a second. Default: a pass of 4 s. */
  readonly pace?: () => number;
  /** Its name in the address: a link that gives a step shows that step. Default "k". */
  readonly key?: string;
}

export interface Playback {
  readonly step: number;
  readonly steps: number;
  readonly playing: boolean;
  /** A factor on the pace. */
  speed: number;
  readonly seek: (step: number) => void;
  readonly toggle: () => void;
  /** From the first step. */
  readonly start: () => void;
}

/** The first pass takes at most so long. s */
const PASS = 3;

/** Call while a component is set up. */
export function openPlayback({ get, set, steps, ready, pace, key = "k" }: Options): Playback {
  const given = currentPlace().query.has(key);
  let opening = $state(!given && !prefersStill());
  // the first pass is only shown: the address keeps what it says
  let passing = $state<number | null>(null);
  let playing = $state(false);
  let speed = $state(1);
  const end = $derived(steps());
  const step = $derived(Math.min(end, passing ?? get()));
  const perSecond = (): number => pace?.() ?? steps() / 4;

  $effect(() => {
    if (opening && ready()) [opening, passing] = [false, 0];
  });
  const moving = $derived(playing || passing !== null);
  $effect(() => {
    if (!moving) return;
    let [before, owed] = [performance.now(), 0];
    let frame = requestAnimationFrame(function tick(now) {
      const first = passing !== null;
      const last = first ? Math.min(end, get()) : end;
      // a frame may have begun before the effect did
      owed +=
        (Math.max(0, now - before) / 1000) *
        (first ? Math.max(perSecond(), last / PASS) : perSecond() * speed);
      before = now;
      const whole = Math.floor(owed);
      owed -= whole;
      const next = Math.min(last, (first ? passing! : step) + whole);
      if (first) passing = next >= last ? null : next;
      else if (whole > 0) set(next);
      if (!first && next >= last) playing = false;
      if (playing || passing !== null) frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  });

  function seek(to: number): void {
    [opening, passing, playing] = [false, null, false];
    set(Math.max(0, Math.min(end, to)));
  }
  function start(): void {
    // less motion: the end at once; single steps and the slider still work
    seek(prefersStill() ? end : 0);
    playing = !prefersStill();
  }
  return {
    get step() {
      return step;
    },
    get steps() {
      return end;
    },
    get playing() {
      return moving;
    },
    get speed() {
      return speed;
    },
    set speed(factor) {
      speed = factor;
    },
    seek,
    start,
    toggle: () => {
      if (moving) seek(step);
      else if (step >= end || prefersStill()) start();
      else playing = true;
    },
  };
}
