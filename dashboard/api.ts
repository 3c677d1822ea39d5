/** What is asked of the server, and how pages stay live. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { base } from "./router.ts";
import type { Session } from "./wire.ts";

/** Why something could not be done. */
export class Refusal extends Error {
  /** The HTTP status; 0: the server cannot be reached. */
  readonly status: number;
  /** The code for programs. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Who one is; null: nobody yet; undefined: not known yet. */
export const session = signal<Session | null | undefined>(undefined);

/** How the connection is. */
export const connection = signal<"live" | "connecting" | "stale">("connecting");

/** The pulse of everything. */
export const pulse = signal<Record<string, number> | undefined>(undefined);

/** Asks the server. */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${base}api/${path}`, {
      method,
      headers: {
        "x-rhythm-page": "1",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refusal(0, "UNREACHABLE", "The server does not answer. It may be restarting");
  }
  const answer = await response.json().catch(() => undefined);
  if (response.ok) return answer as T;
  if (response.status === 401 && path !== "session") session.value = null;
  const { code = "UNKNOWN", message = `The server answered ${response.status}` } = answer?.error ?? {};
  throw new Refusal(response.status, code, message);
}

/** What a page knows of its data. */
export interface Loaded<T> {
  /** The data, as it was read last. */
  readonly data: T | undefined;
  /** Why it could not be read. */
  readonly error: Refusal | undefined;
}

interface Entry {
  data: unknown;
  error: Refusal | undefined;
  underWay: boolean;
  again: boolean;
  readonly watchers: Set<() => void>;
}

const entries = new Map<string, Entry>();

/** The data of a page, which stay live while it is shown; null: nothing. */
export function usePage<T>(key: string | null): Loaded<T> {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (key === null) return;
    const entry = entryOf(key);
    const watcher = (): void => redraw((count) => count + 1);
    entry.watchers.add(watcher);
    void load(key);
    reconnect();
    return () => {
      entry.watchers.delete(watcher);
      reconnect();
    };
  }, [key]);
  const entry = key === null ? undefined : entries.get(key);
  return { data: entry?.data as T | undefined, error: entry?.error };
}

/** Reads pages again whose keys begin so: after an act. */
export function refresh(prefix: string): void {
  for (const [key, entry] of entries) if (key.startsWith(prefix) && entry.watchers.size > 0) void load(key);
}

function entryOf(key: string): Entry {
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { data: undefined, error: undefined, underWay: false, again: false, watchers: new Set() };
    entries.set(key, entry);
    // Pages that are left stay for Back, so many of them.
    for (const [old, { watchers }] of entries) {
      if (entries.size <= 20) break;
      if (watchers.size === 0 && old !== key) entries.delete(old);
    }
  }
  return entry;
}

async function load(key: string): Promise<void> {
  const entry = entryOf(key);
  if (entry.underWay) {
    entry.again = true;
    return;
  }
  entry.underWay = true;
  do {
    entry.again = false;
    try {
      entry.data = await ask("GET", `pages/${key}`);
      entry.error = undefined;
    } catch (error) {
      entry.error = error as Refusal;
    }
    for (const watcher of entry.watchers) watcher();
  } while (entry.again);
  entry.underWay = false;
}

let source: EventSource | undefined;
let watched = "";
let planned = false;
let late: ReturnType<typeof setTimeout> | undefined;

// One stream for all that is shown. A tab that nobody sees needs none.
function reconnect(): void {
  if (planned) return;
  planned = true;
  setTimeout(() => {
    planned = false;
    const keys = [...entries].filter(([, { watchers }]) => watchers.size > 0).map(([key]) => key).sort();
    const wanted = document.hidden || session.value == null ? "" : keys.join("\n");
    if (wanted === watched) return;
    watched = wanted;
    source?.close();
    source = undefined;
    if (wanted === "") return;
    const query = keys.map((key) => `page=${encodeURIComponent(key)}`).join("&");
    source = new EventSource(`${base}api/live?${query}`);
    source.addEventListener("open", () => {
      clearTimeout(late);
      late = undefined;
      if (connection.value === "stale") { for (const key of keys) void load(key); }
      connection.value = "live";
    });
    source.addEventListener("changed", (event) => void load(JSON.parse((event as MessageEvent).data)));
    source.addEventListener("trouble", (event) => void load(JSON.parse((event as MessageEvent).data)));
    source.addEventListener("error", () => {
      late ??= setTimeout(() => connection.value = "stale", 1_500);
      // A stream that was refused does not try again by itself.
      if (source?.readyState === EventSource.CLOSED) {
        watched = "";
        // It may have ended because the token is not good any more.
        ask<Session | null>("GET", "session").then((who) => session.value = who, () => {});
        setTimeout(reconnect, 3_000);
      }
    });
  }, 20);
}

/** Begins: who is one, and what becomes of a tab that is hidden. */
export async function startSession(): Promise<void> {
  document.addEventListener("visibilitychange", () => {
    reconnect();
    if (!document.hidden) refresh("");
  });
  try {
    session.value = await ask<Session | null>("GET", "session");
  } catch (error) {
    session.value = null;
    if ((error as Refusal).status === 0) connection.value = "stale";
  }
}

/** Begins a session with the token, or with the code of a link. */
export async function login(secret: { token: string } | { link: string }): Promise<void> {
  await ask("POST", "session", secret);
  session.value = await ask<Session>("GET", "session");
  reconnect();
}

/** Ends the session. */
export async function logout(): Promise<void> {
  await ask("DELETE", "session");
  source?.close();
  source = undefined;
  watched = "";
  entries.clear();
  session.value = null;
}
