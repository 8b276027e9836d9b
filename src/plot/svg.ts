/** The little SVG that is made by hand, and the way from elements to text. */

export const SVG_NS = "http://www.w3.org/2000/svg";

/** What XML 1.0 has no place for: control characters and lone surrogates. */
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

export type Attributes = Readonly<Record<string, string | number | null | undefined>>;

export function element(
  document: Document,
  name: string,
  attributes: Attributes = {},
  children: readonly (Node | string)[] = [],
): SVGElement {
  const made = document.createElementNS(SVG_NS, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  for (const child of children) {
    made.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
  return made;
}

const escapeText = (text: string): string =>
  text.replace(NOT_XML, "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** The same text from every DOM, well-formed as XML (a page's `outerHTML` writes HTML's entities). */
export function serialize(node: Node): string {
  if (node.nodeType === 3) return escapeText(node.nodeValue ?? "");
  if (node.nodeType !== 1) return "";
  const { localName, attributes, childNodes } = node as Element;
  const written = [...attributes]
    .map(({ name, value }) => ` ${name}="${escapeText(value).replace(/"/g, "&quot;")}"`)
    .join("");
  const inner = [...childNodes].map(serialize).join("");
  return inner === "" ? `<${localName}${written}/>` : `<${localName}${written}>${inner}</${localName}>`;
}

/** Width of a text in DejaVu Sans, in px, to within a tenth: enough to lay out labels without a browser. */
export function textWidth(text: string, size: number, { bold = false }: { bold?: boolean } = {}): number {
  let em = 0;
  for (const c of text) {
    if (/[ijlI.,:;'|!]/.test(c)) em += 0.31;
    else if (/[ft()[\]\- ]/.test(c)) em += 0.38;
    else if (/[mwMW@%]/.test(c)) em += 0.95;
    else if (/[A-Z0-9=+×−<>]/.test(c)) em += 0.68;
    else if (/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]/.test(c)) em += 0.42;
    else em += 0.6;
  }
  return em * size * (bold ? 1.13 : 1);
}

/** The text, cut with … to fit. */
export function fitText(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  let cut = [...text];
  while (cut.length > 0 && textWidth(`${cut.join("")}…`, size) > width) cut = cut.slice(0, -1);
  return `${cut.join("").trimEnd()}…`;
}
