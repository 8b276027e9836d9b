/** Numbers as text on charts: plain where they are short, powers of ten as 10⁻⁶ and never as SI letters. */

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const MINUS = "−";

export function superscript(n: number): string {
  const digits = [...String(Math.abs(n))].map((d) => SUPERSCRIPT[Number(d)]).join("");
  return n < 0 ? `⁻${digits}` : digits;
}

/** Thousands are grouped from 10,000 on. */
function grouped(fixed: string): string {
  const [whole = "", fraction] = fixed.split(".");
  const shown = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return fraction === undefined ? shown : `${shown}.${fraction}`;
}

/** `digits` significant digits, trailing zeros dropped: 0.0123, 1230, 12,300, 1.5×10⁻⁷, NaN. */
export function showValue(x: number, { digits = 3 }: { digits?: number } = {}): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "+∞" : `${MINUS}∞`;
  if (x === 0) return "0";
  const sign = x < 0 ? MINUS : "";
  const [mantissa = "", power = "0"] = Math.abs(x)
    .toExponential(digits - 1)
    .split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent > 5) {
    const short = String(Number(mantissa));
    return `${sign}${short === "1" ? "" : `${short}×`}10${superscript(exponent)}`;
  }
  const rounded = Number(`${mantissa}e${power}`);
  return sign + grouped(String(exponent < 0 ? Number(rounded.toFixed(digits - 1 - exponent)) : rounded));
}

/** A tick of a linear axis whose ticks lie `step` apart: every label of the axis has the same decimals. */
export function showTick(x: number, step: number): string {
  const size = Math.floor(Math.log10(step) + 1e-9);
  if (x === 0 || Math.abs(x) < step * 1e-6) return "0";
  const sign = x < 0 ? MINUS : "";
  const top = Math.floor(Math.log10(Math.abs(x)) + 1e-12);
  const digits = Math.max(0, top - size);
  if ((top < -4 && size < -4) || top > 6) return showValue(x, { digits: Math.min(12, digits + 1) });
  return sign + grouped(Math.abs(x).toFixed(Math.min(15, Math.max(0, -size))));
}
