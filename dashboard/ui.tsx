/** What all screens are made of. */
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { mayDo, refusal, RIGHTS } from "../src/http/rights.ts";
import { ask, connection, type Refusal, session } from "./api.ts";
import { ago, full, now, short, shortId, visible } from "./format.ts";
import { href } from "./router.ts";
import type { Pause, Status } from "./wire.ts";

/** The name that people read for a status. */
export function statusName(status: Status): string {
  return status === "suspended" ? "waiting" : status;
}

/** The status of an execution. */
export function State({ status, paused = null }: { status: Status; paused?: string | null }): JSX.Element {
  const isPaused = paused !== null && ["pending", "running", "suspended"].includes(status);
  return (
    <span class={`state ${isPaused ? "paused" : status}`}>{isPaused ? "paused" : statusName(status)}</span>
  );
}

/** A time, relative, with the whole of it on hover. */
export function Time({ at, how = "ago" }: { at: string; how?: "ago" | "short" }): JSX.Element {
  return <time dateTime={at} title={full(at)}>{how === "ago" ? ago(at, now.value) : short(at)}</time>;
}

/** The address of an execution. */
export function executionHref(id: string, query: Record<string, string | undefined> = {}): string {
  return href(`executions/${encodeURIComponent(id)}`, query);
}

/** A link to an execution, by the end of its id. */
export function Id({ id }: { id: string }): JSX.Element {
  return <a class="mono id" href={executionHref(id)} title={id}>{shortId(id)}</a>;
}

/** Why one may not do something, as a sentence; undefined: one may. */
export function refusedTo(operation: string): string | undefined {
  const who = session.value;
  const needed = RIGHTS.get(operation) ?? [];
  return who == null || mayDo(who.role, needed) ? undefined : refusal(who, needed);
}

/** A button. `needs`: the operation that it does. Without the right to that it says why it does nothing. */
export function Button(
  { kind = "", needs, children, ...rest }:
    & { kind?: "" | "first" | "danger" | "danger first" | "icon"; needs?: string }
    & JSX.IntrinsicElements["button"],
): JSX.Element {
  const refused = needs === undefined ? undefined : refusedTo(needs);
  const shut = refused === undefined ? {} : {
    "aria-disabled": true,
    title: refused,
    onClick: (): void => complain(new Error(refused)),
  };
  return <button type="button" {...rest} {...shut} class={`button ${kind}`}>{children}</button>;
}

/** Nothing is there. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Why something could not be read. */
export function Trouble({ error }: { error: Refusal }): JSX.Element {
  const hint = error.status === 0
    ? "It is tried again by itself"
    : error.status === 403
    ? "Ask for a token with more rights"
    : error.status === 503
    ? "The database cannot be reached. It is tried again by itself"
    : "";
  return (
    <div class="notice bad" role="alert">
      <b>
        {error.status === 403 ? "Not allowed" : error.status === 404 ? "Not found" : "This could not be read"}
      </b>
      <span>{error.message}</span>
      <span class="soft">{hint}</span>
    </div>
  );
}

/** The data are old: the stream is gone. */
export function Stale(): JSX.Element | null {
  if (connection.value !== "stale") return null;
  return (
    <div class="notice wait" role="status">
      <b>Not live</b>
      <span>The server does not answer. What you see may be old; it is tried again by itself.</span>
    </div>
  );
}

/** Lines that stand for what is not there yet: as high as what comes. */
export function Bones({ rows = 8 }: { rows?: number }): JSX.Element {
  return (
    <div class="panel loading" aria-busy="true">
      <span class="hidden">Loading</span>
      <table class="list">
        <tbody>
          {Array.from({ length: rows }, (_, index) => (
            <tr key={index}>
              <td>
                <div style={{ width: `${30 + (index * 37) % 50}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A figure with its name below it. */
export interface Figure {
  name: string;
  value: string;
  kind?: "" | "bad" | "wait" | "soft";
  href?: string;
}

/** Some figures side by side. */
export function Figures({ figures }: { figures: readonly Figure[] }): JSX.Element {
  return (
    <div class="panel">
      <div class="figures">
        {figures.map(({ name, value, kind = "", href: to }) => {
          const both = (
            <>
              <b class={kind}>{value}</b>
              <span class="soft">{name}</span>
            </>
          );
          return to === undefined ? <div key={name}>{both}</div> : <a key={name} href={to}>{both}</a>;
        })}
      </div>
    </div>
  );
}

/** A table that scrolls by itself where it is too wide. */
export function Sheet({ label, heads, children }: {
  label: string;
  heads: readonly (readonly [name: string, kind?: "num"])[];
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {heads.map(([name, kind = ""]) => (
              <th key={name} class={kind}>
                {name === "" ? <span class="hidden">Actions</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** How large a part of a whole is. */
export function Share({ part, whole, label }: { part: number; whole: number; label: string }): JSX.Element {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  return (
    <span class="share" role="img" aria-label={`${label}: ${Math.round(share * 100)} %`}>
      <span class={share >= 1 ? "full" : ""} style={{ width: `${share * 100}%` }} />
    </span>
  );
}

/** Why something is paused, and since when. */
export function Paused({ what, pause }: { what: string; pause: Pause }): JSX.Element {
  return (
    <div class="notice wait">
      <b>{what} is paused</b>
      <span>
        since <Time at={pause.pausedAt} /> by {visible(pause.pausedBy ?? "somebody")}
        {pause.reason !== null && `: ${visible(pause.reason)}`}
      </span>
    </div>
  );
}

/** Asks why, and pauses. */
export function PauseDialog({ what, path, onDone, onClose }: {
  what: string;
  path: string;
  onDone: () => void;
  onClose: () => void;
}): JSX.Element {
  const [reason, setReason] = useState("");
  return (
    <Dialog
      title={`Pause ${what}`}
      go="Pause"
      onClose={onClose}
      onGo={async () => {
        await ask("POST", `${path}/pause`, reason === "" ? {} : { reason });
        say(`${what} is paused`);
        onDone();
      }}
    >
      <p>Nothing new of it begins. What runs goes on to its end.</p>
      <Field label="Why" value={reason} onInput={setReason} placeholder="the provider is down" autoFocus />
    </Dialog>
  );
}

/** Copies a text. */
export function Copy({ text, label = "Copy" }: { text: string; label?: string }): JSX.Element {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await copyText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1_200);
  };
  return <button type="button" class="plain" onClick={() => void copy()}>{done ? "Copied" : label}</button>;
}

async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS there is no clipboard but this.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** What was just done, or could not be done. */
export const toast = signal<
  { text: string; isBad: boolean; link?: { href: string; text: string } } | undefined
>(undefined);
let fading: ReturnType<typeof setTimeout> | undefined;

/** Says for some seconds what was done. */
export function say(text: string, link?: { href: string; text: string }): void {
  show({ text, isBad: false, ...(link === undefined ? {} : { link }) }, 5_000);
}

/** Says what could not be done. */
export function complain(error: unknown): void {
  show({ text: (error as Error).message, isBad: true }, 10_000);
}

function show(value: NonNullable<typeof toast.value>, ms: number): void {
  clearTimeout(fading);
  toast.value = value;
  fading = setTimeout(() => toast.value = undefined, ms);
}

/** What `say` and `complain` say. */
export function Toast(): JSX.Element {
  const said = toast.value;
  return (
    <div role="status" aria-live="polite">
      {said !== undefined && (
        <div class={`toast ${said.isBad ? "bad" : ""}`}>
          {said.text} {said.link !== undefined && <a class="link" href={said.link.href}>{said.link.text}</a>}
        </div>
      )}
    </div>
  );
}

/** A dialog with a form. It says itself what is wrong, and stays open then. */
export function Dialog({ title, go, kind = "first", onGo, onClose, children }: {
  title: string;
  go: string;
  kind?: "first" | "danger first";
  onGo: () => Promise<void> | void;
  onClose: () => void;
  children?: ComponentChildren;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  const id = useId();
  useEffect(() => dialog.current!.showModal(), []);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setTrouble(undefined);
    try {
      await onGo();
      onClose();
    } catch (error) {
      setTrouble((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        {trouble !== undefined && <div class="notice bad" role="alert">{trouble}</div>}
        <footer>
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind={kind} disabled={busy}>{go}</Button>
        </footer>
      </form>
    </dialog>
  );
}

/** A field of a form. */
export function Field({ label, hint, value, onInput, lines, ...rest }: {
  label: string;
  hint?: string;
  value: string;
  onInput: (value: string) => void;
  lines?: number;
  placeholder?: string;
  required?: boolean;
  type?: string;
  autoFocus?: boolean;
}): JSX.Element {
  const heard = (event: Event): void => onInput((event.currentTarget as HTMLInputElement).value);
  return (
    <label class="field">
      <span>{label}</span>
      {lines === undefined ? <input {...rest} value={value} onInput={heard} spellcheck={false} /> : (
        <textarea
          rows={lines}
          placeholder={rest.placeholder}
          value={value}
          onInput={heard}
          spellcheck={false}
        />
      )}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}

/** Keys that do something on a screen: `j`, `Enter`, `g e`. Not while somebody types. */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let before = "";
    const hear = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      // What is in the editor is behind its root.
      const target = (event.composedPath()[0] ?? event.target) as HTMLElement;
      if (
        target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]") !== null
      ) return;
      if (event.key === "Enter" && target.closest("a, button, summary") !== null) return;
      const both = latest.current[`${before} ${event.key}`];
      const one = both ?? latest.current[event.key];
      before = event.key;
      if (one === undefined) return;
      event.preventDefault();
      one(event);
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
}

/** The mark of Rhythm. */
export function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#2f5bd7" />
      <path
        d="M6 16h5l3-8 4 16 3-8h5"
        fill="none"
        stroke="#fff"
        stroke-width="2.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
