/** Light or dark: as the system says, or as chosen here. */
import { signal } from "@preact/signals";

/** What was chosen. */
export const theme = signal<"system" | "light" | "dark">("system");

const wish = matchMedia("(prefers-color-scheme: dark)");

/** Begins to follow the system. */
export function startTheme(): void {
  const stored = read();
  if (stored === "light" || stored === "dark") theme.value = stored;
  apply();
  wish.addEventListener("change", apply);
}

/** The next one: system, light, dark. */
export function nextTheme(): void {
  theme.value = theme.value === "system" ? "light" : theme.value === "light" ? "dark" : "system";
  try {
    localStorage.setItem("rhythm-theme", theme.value);
  } catch {
    // Without storage the choice holds for this page.
  }
  apply();
}

function apply(): void {
  const dark = theme.value === "dark" || (theme.value === "system" && wish.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

function read(): string | null {
  try {
    return localStorage.getItem("rhythm-theme");
  } catch {
    return null;
  }
}
