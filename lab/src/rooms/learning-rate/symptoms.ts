/** The lesson's four symptoms, each with an example on its second problem. */
import type { Problem } from "steepest/lesson/problems";

interface Symptom {
  readonly name: string;
  readonly loss: string;
  readonly act: string;
  readonly link: string;
  readonly problem: Problem;
  /** The rate that shows it, and those drawn beside it. */
  readonly lr: number;
  readonly high: number;
  readonly middle: number;
  readonly low: number;
  /** The doctor's word, where one curve is enough for it. */
  readonly verdict: string;
  /** Why one curve is not enough. */
  readonly why: string;
}

export const symptoms: readonly Symptom[] = [
  {
    name: "too high",
    loss: "jumps, climbs or becomes no number",
    act: "divide by 10",
    link: "5.0 on squared loss",
    problem: "squared",
    lr: 5,
    high: 5,
    middle: 0.5,
    low: 0.001,
    verdict: "too high",
    why: "",
  },
  {
    name: "slightly high",
    loss: "swings about its lowest level",
    act: "divide by 2 to 3",
    link: "11 with wrong labels",
    problem: "flipped",
    lr: 11,
    high: 11,
    middle: 0.5,
    low: 0.001,
    verdict: "slightly high",
    why: "the loss rests at 0.53, and this curve does not show that 0.49 can be had. A second rate shows it",
  },
  {
    name: "good",
    loss: "falls smoothly and settles",
    act: "keep it",
    link: "0.5 on squared loss",
    problem: "squared",
    lr: 0.5,
    high: 5,
    middle: 0.5,
    low: 0.001,
    verdict: "good",
    why: "one smooth curve does not tell a good rate from one that is a little low. A run at twice the rate shows it",
  },
  {
    name: "too low",
    loss: "barely moves",
    act: "raise it, or use a schedule",
    link: "0.001 as written",
    problem: "as-written",
    lr: 0.001,
    high: 5,
    middle: 0.5,
    low: 0.001,
    verdict: "too low",
    why: "",
  },
];
