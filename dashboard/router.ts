/** The address is the state: where one is, and what is filtered and chosen there. */
import { signal } from "@preact/signals";

/** The path of the dashboard, with a slash at its end. */
export const base: string = new URL(document.baseURI).pathname;

/** Where one is. */
export interface Place {
  /** The parts of the path, decoded: `["executions", "0197…"]`. */
  readonly parts: readonly string[];
  /** The query. */
  readonly query: URLSearchParams;
}

/** The place that the address says. */
export const place = signal<Place>(read());

function read(): Place {
  const { pathname, search } = location;
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : "";
  return {
    parts: path.split("/").filter((part) => part !== "").map(decode),
    query: new URLSearchParams(search),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a place: `href("executions", { status: "failed" })`. */
export function href(path: string, query: Record<string, string | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, value);
  }
  const text = search.toString();
  return `${base}${path}${text === "" ? "" : `?${text}`}`;
}

/** Goes to an address. `replace`: without a step for Back. */
export function go(to: string, how: "push" | "replace" = "push"): void {
  const before = location.pathname;
  if (how === "push") history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  place.value = read();
  if (how === "push" && location.pathname !== before) {
    scrollTo(0, 0);
    // Whoever listens instead of looking is told where they are now.
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true })
    );
  }
}

/** The address of this place with another value of one part of its query. */
export function withQuery(changes: Record<string, string | undefined>): string {
  const query = Object.fromEntries(place.value.query);
  return href(place.value.parts.map(encodeURIComponent).join("/"), { ...query, ...changes });
}

/** Hears of links that are followed, and of Back. */
export function startRouter(): void {
  addEventListener("popstate", () => place.value = read());
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest("a");
    if (
      link === null || link.origin !== location.origin || link.target !== "" || link.hasAttribute("download")
    ) {
      return;
    }
    if (!link.pathname.startsWith(base) || link.pathname.startsWith(`${base}api/`)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
