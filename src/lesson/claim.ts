/** What running a claim of the lesson gives. */
export type Verdict = "holds" | "does-not-hold" | "holds-if";

export interface ClaimResult {
  readonly id: string;
  /** The claim in a sentence. */
  readonly claim: string;
  /** What the lesson says. */
  readonly claimed: number | string;
  /** What this machine measured; `final` is the number to compare. */
  readonly measured: Readonly<Record<string, unknown>> & { readonly final: number };
  readonly verdict: Verdict;
  /** For `holds-if`: under what condition, with what was measured there. */
  readonly condition: string | null;
}
