/** What the words around a number mean: the table of names, and what only text has (units, fillers, levels). */
import {
  isFormula,
  isMachineError,
  type Meaning,
  meaningOf,
  normalise,
  speaksOfValidation,
} from "../columns.ts";

export type SlotRole = Meaning["role"] | "time" | "throughput" | "rank" | "size" | "perplexity" | "score";

export interface SlotMeaning {
  readonly role: SlotRole;
  readonly rank: number;
}

export const LEVELS: ReadonlySet<string> = new Set(
  "debug info warning warn error critical trace fatal vlog log stdout stderr".split(" "),
);
/** Words between a name and its number. */
export const FILLERS: ReadonlySet<string> = new Set(
  "is was are be of at the a an so far now ist war est es era é e equals equal to currently reached y и равен равна は が".split(
    " ",
  ),
);
const TIME = new Set(
  "ms sec secs second seconds s min mins minute minutes h hour hours time times eta elapsed duration remaining took wall clock runtime zeit temps tiempo tempo время 时间 用时 耗时 剩余 시간 時間 timestamp date day days per walltime latency".split(
    " ",
  ),
);
const THROUGHPUT = new Set(
  "it/s samples/sec samples/s tok/s tokens/s tok tokens sps wps ups ips fps speed throughput mfu tflops flops mem memory gb mb mib gib ram vram gpu_mem max_mem rate/s imgs/s img/s images/s examples/sec ins/s words/s wpb bsz qps rss cache util utilization".split(
    " ",
  ),
);
/** Work per step: "words/batch", "s/checkpoint". */
const PER_COUNT =
  /^(?:ms|s|sec|seconds|min|words|tokens|tok|samples|sentences|sents|images|imgs|examples|frames|src|tgt|flops)\/(?:batch|step|iter|iteration|epoch|update|checkpoint|it)s?$/;
const SIZE = new Set(
  "size sizes num total max maximum warmup limit count counts patience seed params parameters dim width height layers heads vocab samples examples instances tokens sentences images items targets consumed budget workers threads every interval best port pid version classes seq length len weights zerograd remaining saved saving save skipped_epochs hidden nodes features rows columns found loaded".split(
    " ",
  ),
);
const RANK = new Set(
  "rank gpu worker process proc node device cuda default local_rank global_rank replica shard pe".split(" "),
);
const PERPLEXITY =
  /(?:^|_)(?:ppl|perplexity|perp|pplx|困惑度|パープレキシティ|perplexite|perplexidad|perplexitat|перплексия)(?:_|$)/;
const SCORE =
  /(?:^|_)(?:score|obj|objf|objective|objective_function|fitness|energy|elbo|likelihood|ll|loglik|log_likelihood)(?:_|$)/;
const cache = new Map<string, SlotMeaning>();

/** Role of a label as it stands in a line; the last words count most. */
export function slotMeaning(label: string): SlotMeaning {
  const known = cache.get(label);
  if (known) return known;
  const found = findMeaning(label);
  if (cache.size > 5000) cache.clear();
  cache.set(label, found);
  return found;
}

/** "error on the training set": where it is measured is told by its words, not by the name. */
const MEASURED_ON =
  /\s(?:on|for|over)\s(?:the\s)?(?:train(?:ing)?|valid(?:ation)?|test|dev|held-?out)(?:\s(?:set|data|split|examples|samples))?$/i;

function findMeaning(label: string): SlotMeaning {
  const found = nameMeaning(label.replace(MEASURED_ON, ""));
  if (!MEASURED_ON.test(label) || !speaksOfValidation(label)) return found;
  if (found.role === "loss") return { role: "validation", rank: found.rank };
  return found.role === "accuracy" ? { role: "validationAccuracy", rank: found.rank } : found;
}

function nameMeaning(label: string): SlotMeaning {
  if (/^\|+(?:g|grad|gradient)\|+$/i.test(label)) return { role: "gradNorm", rank: 90 };
  const key = normalise(label);
  if (key === "") return label.trim() === "#" ? { role: "step", rank: 95 } : { role: "other", rank: 0 };
  // CatBoost's two curves
  if (key === "learn") return { role: "loss", rank: 300 };
  if (key === "test") return { role: "validation", rank: 300 };
  const words = key.split("_");
  if (isMachineError(key) || words.some((w) => w === "improved" || w === "improvement" || w === "dropped"))
    return { role: "other", rank: 0 };
  const plain = label.toLowerCase().trim();
  if (PERPLEXITY.test(key)) return { role: "perplexity", rank: speaksOfValidation(label) ? 1 : 0 };
  if (PER_COUNT.test(plain)) return { role: "throughput", rank: 0 };
  const exact = meaningOf(label);
  if (exact.role !== "other" && exact.rank < 100) return exact;
  if (THROUGHPUT.has(plain) || words.some((w) => THROUGHPUT.has(w)) || /\/s(?:ec)?$/.test(plain)) {
    if (exact.role !== "loss" && exact.role !== "validation") return { role: "throughput", rank: 0 };
  }
  if (
    words.some((w) => TIME.has(w)) &&
    exact.role !== "loss" &&
    exact.role !== "lr" &&
    exact.role !== "validation"
  )
    return { role: "time", rank: 0 };
  if (isFormula(key))
    return { role: speaksOfValidation(label) ? "validation" : "loss", rank: 140 + words.length };
  if (exact.role !== "other" && exact.role !== "step" && exact.role !== "epoch") return exact;
  if (exact.role === "step" && /num_updates$|timesteps$/.test(key)) return exact;
  const placed = /\s(?:at|after|in|for)\s(\S+)$/i.exec(label)?.[1]; // "Saved model at epoch 3"
  const place = placed === undefined ? null : meaningOf(placed);
  if (place && (place.role === "epoch" || place.role === "step"))
    return { role: place.role, rank: place.rank + 150 };
  if (words.some((w) => SIZE.has(w))) return { role: "size", rank: 0 };
  if (words.length <= 2 && words.some((w) => RANK.has(w))) return { role: "rank", rank: 0 };
  if (exact.role !== "other") return exact;
  if (/^(?:e|ep|epc|epo|pass)$/.test(key)) return { role: "epoch", rank: 90 };
  if (
    /^(?:i|n|iters?|its|mb|st|stp|round|rounds|tree|trees|generation|gen|tick|timestep|timesteps|num_updates|nupdates|upd|iterate|examples)$/.test(
      key,
    )
  )
    return { role: "step", rank: 95 };
  if (/^objective$/.test(words.filter((w) => !speaksOfValidation(w)).join("_")))
    return { role: "validation", rank: 150 };
  if (SCORE.test(key) || /^(?:f|fval|fun|f_x|func)$/.test(label.trim())) return { role: "score", rank: 0 };
  // the last words alone: "Trainer Iteration", "on epoch"
  for (let drop = 1; drop < Math.min(words.length, 5); drop++) {
    const tail = meaningOf(words.slice(drop).join("_"));
    if (tail.role === "other") continue;
    const head = words.slice(0, drop).join(" ");
    if (speaksOfValidation(head)) {
      if (tail.role === "loss") return { role: "validation", rank: tail.rank + 100 };
      if (tail.role === "accuracy") return { role: "validationAccuracy", rank: tail.rank + 100 };
    }
    if (tail.role === "step" || tail.role === "epoch" || drop <= 3)
      return { role: tail.role, rank: tail.rank + 100 + drop };
  }
  const firstIsCounter = meaningOf(words[0]!);
  const isNumbered =
    firstIsCounter.role === "epoch"
      ? /^(?:no|nr|number|num|id|idx|index|[ijkn])$/
      : firstIsCounter.role === "step" && words[0] !== "s"
        ? /^[ijkn]$/
        : null;
  if (words.length === 2 && isNumbered?.test(words[1]!)) return firstIsCounter;
  return { role: "other", rank: 0 };
}

/** A word a counter is called by, alone. */
export function isCounterWord(word: string): boolean {
  const { role } = slotMeaning(word);
  return role === "step" || role === "epoch";
}

export function isMetric(role: SlotRole): boolean {
  return (
    role === "loss" ||
    role === "validation" ||
    role === "accuracy" ||
    role === "validationAccuracy" ||
    role === "perplexity" ||
    role === "score"
  );
}
