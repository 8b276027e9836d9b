/**
 * Formulas, typeset while the page is built: in a .svelte file write {@html tex`\eta < \frac{2}{L}`}, or
 * {@html display`…`} for one on a line of its own. build/formulas.js puts the result in the call's place.
 */
type Typeset = (formula: TemplateStringsArray) => string;

const notBuilt: Typeset = (formula) => {
  throw new Error(`not typeset by the build: ${formula.raw.join("…")}`);
};

export const tex: Typeset = notBuilt;
export const display: Typeset = notBuilt;
