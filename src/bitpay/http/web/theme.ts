/** Light or dark: the system's choice, unless this browser made another one, which a cookie keeps for the server. */
import { onClick } from "./dom";

const YEAR = 31_536_000;

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function choose(theme: string): void {
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax`;
  describe();
}

function describe(): void {
  const button = document.querySelector("[data-theme-switch]");
  button?.setAttribute("aria-label", isDark() ? "Switch to light" : "Switch to dark");
}

onClick("[data-theme-switch]", () => choose(isDark() ? "light" : "dark"));
describe();
