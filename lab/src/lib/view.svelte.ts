/** A room's state, kept in its address: defaults are left out, reloading gives the same view. */
import type { Field } from "./fields.ts";
import { currentPlace, formatHash, frameEntries, writeHash } from "./place.svelte.ts";

type ValueOf<F> = F extends Field<infer T> ? T : never;
export type Values<F> = { -readonly [K in keyof F]: Widen<ValueOf<F[K]>> };
type Widen<T> = T extends boolean ? boolean : T;

export interface View<F> {
  /** Reactive; write to it and the address follows. */
  readonly values: Values<F>;
  readonly fields: F;
  /** Parts of the address that were no values of theirs, said in words. */
  readonly ignored: readonly string[];
  readonly reset: () => void;
  /** The address with some values changed: for links to a setting worth seeing. */
  readonly href: (changes: Partial<Values<F>>) => string;
}

/** Call while a component is set up. */
export function openView<F extends { readonly [K in keyof F]: Field<ValueOf<F[K]>> }>(fields: F): View<F> {
  const room = currentPlace().room;
  const entries = Object.entries(fields) as [keyof F & string, Field<unknown>][];
  const defaults = Object.fromEntries(entries.map(([key, f]) => [key, f.default])) as Values<F>;
  const values = $state<Values<F>>(structuredClone(defaults));
  let ignored = $state<readonly string[]>([]);

  function read(query: URLSearchParams): void {
    const problems: string[] = [];
    const found: Record<string, unknown> = { ...defaults };
    for (const [key, field] of entries) {
      const written = query.get(key);
      const value = written === null ? field.default : field.parse(written);
      if (value === null) {
        problems.push(
          `${key}=${written} in the address is not ${field.allows}; ${key}=${field.format(field.default)} is shown.`,
        );
      } else found[key] = value;
    }
    Object.assign(values, found);
    ignored = problems;
  }

  function address(shown: Values<F>): string {
    const changed = entries.flatMap(([key, field]): [string, string][] => {
      const written = field.format(shown[key]);
      return written === field.format(field.default) ? [] : [[key, written]];
    });
    return formatHash(room, [...changed, ...frameEntries()]);
  }

  read(currentPlace().query);
  $effect.pre(() => {
    const place = currentPlace();
    if (place.room === room) read(place.query);
  });
  let first = true;
  $effect(() => {
    const hash = address(values);
    if (first) first = false;
    else writeHash(hash);
  });

  return {
    values,
    fields,
    get ignored() {
      return ignored;
    },
    reset: () => Object.assign(values, structuredClone(defaults)),
    href: (changes) => address({ ...(values as object), ...changes } as Values<F>),
  };
}
