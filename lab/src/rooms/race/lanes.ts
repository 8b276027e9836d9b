/** Who races, as the address and the page have it: "sgd,sgd:momentum=0.9,adam:lr=0.1,schedule=cosine-annealing". */
import type { Field } from "../../lib/fields.ts";

export interface Lane {
  readonly optimizer: string;
  /** Options of the optimizer as written: "momentum=0.9,nesterov=true". */
  readonly options: string;
  /** null: what the choice for all gives. */
  readonly lr: number | null;
  readonly schedule: string;
}

/** More are a crowd: colours, dashes and markers run out. */
export const MAX_LANES = 12;

export const lane = (optimizer: string, changes: Partial<Lane> = {}): Lane => ({
  optimizer,
  options: "",
  lr: null,
  schedule: "constant",
  ...changes,
});

/** The command line's syntax, with `lr` and `schedule` among the options. null: unreadable. */
export function parseLanes(text: string): Lane[] | null {
  const lanes: Lane[] = [];
  // at commas that are not inside [ ]
  for (const part of text.split(/,(?![^[]*\])/).filter((p) => p.trim() !== "")) {
    const [, name, pair = ""] = /^(?:([\w-]+)(?::|$))?(.*)$/s.exec(part.trim()) ?? [];
    if (name !== undefined) lanes.push(lane(name));
    if (pair === "") continue;
    const last = lanes.pop();
    const changed = last && withOption(last, pair);
    if (!changed) return null;
    lanes.push(changed);
  }
  return lanes.length > 0 && lanes.length <= MAX_LANES ? lanes : null;
}

function withOption(to: Lane, pair: string): Lane | null {
  const [, key, value] = /^([\w-]+)=(.+)$/s.exec(pair) ?? [];
  if (key === undefined || value === undefined) return null;
  if (key === "schedule") return { ...to, schedule: value };
  if (key !== "lr") return { ...to, options: to.options === "" ? pair : `${to.options},${pair}` };
  const lr = Number(value);
  return lr > 0 && Number.isFinite(lr) ? { ...to, lr } : null;
}

const formatLane = ({ optimizer, options, lr, schedule }: Lane): string => {
  const parts = [
    ...(options === "" ? [] : [options]),
    ...(lr === null ? [] : [`lr=${Number(lr.toPrecision(6))}`]),
    ...(schedule === "constant" ? [] : [`schedule=${schedule}`]),
  ];
  return parts.length === 0 ? optimizer : `${optimizer}:${parts.join(",")}`;
};

export const formatLanes = (lanes: readonly Lane[]): string => lanes.map(formatLane).join(",");

export const lanesField = (first: string): Field<readonly Lane[]> => ({
  default: parseLanes(first)!,
  parse: parseLanes,
  format: formatLanes,
  allows: `up to ${MAX_LANES} optimizers such as sgd,sgd:momentum=0.9,adam:lr=0.1,schedule=cosine-annealing`,
});

/** "sgd momentum=0.9", and the schedule where there is one. */
export const nameOf = ({ optimizer, options, schedule }: Lane): string =>
  [optimizer, options.replaceAll(",", " "), schedule === "constant" ? "" : `· ${schedule}`]
    .filter((part) => part !== "")
    .join(" ");

export const presets = {
  "The classics": "sgd,sgd:momentum=0.9,nag,adagrad,rmsprop,adam",
  "Adam’s family": "adam,adamw,amsgrad,nadam,radam,adamax,adabelief,adan",
  "Newer ones": "adamw,lion,adan,ademamix,adopt,schedule-free-adamw,prodigy,muon",
  "No rate to set": "polyak-sgd,dog,prodigy,d-adapt-adam,rprop,lbfgs",
  "One optimizer, five schedules":
    "adam,adam:schedule=cosine-annealing,adam:schedule=one-cycle,adam:schedule=warmup-linear,adam:schedule=step",
  "Ten at once": "sgd,sgd:momentum=0.9,nag,adagrad,rmsprop,adam,adan,lion,sophia-h,lbfgs",
} as const;
