/** Light, dark, or as the system says. */
import { type Theme, themes } from "steepest/plot/theme";

export type ThemeChoice = "system" | "light" | "dark";
const KEY = "steepest-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");

const known = (text: string | null): ThemeChoice => (text === "light" || text === "dark" ? text : "system");

let choice = $state<ThemeChoice>(known(stored()));
let systemIsDark = $state(dark.matches);
let still = $state(reduced.matches);
dark.addEventListener("change", (e) => (systemIsDark = e.matches));
reduced.addEventListener("change", (e) => (still = e.matches));
show();

/** Storage can be forbidden; then a choice lasts until the page is left. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function show(): void {
  if (choice === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
}

export const themeChoice = (): ThemeChoice => choice;

export function chooseTheme(next: ThemeChoice): void {
  choice = next;
  show();
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // forbidden: see stored()
  }
}

export const themeName = (): "light" | "dark" =>
  choice === "system" ? (systemIsDark ? "dark" : "light") : choice;

/** The charts' colours in the present theme; reactive. */
export const theme = (): Theme => themes[themeName()];

/** The reader asked for less motion; reactive. */
export const prefersStill = (): boolean => still;
