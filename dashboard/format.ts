/** How numbers, times and texts are written. */
import { signal } from "@preact/signals";

/** The time, as pages show it: it moves once a second while somebody looks. */
export const now = signal(Date.now());

/** How far the clock of the server was pushed ahead, in milliseconds. Only `rhythm dev` can do that. */
export const pushedMs = signal(0);

/** Begins to move the time. */
export function startTime(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now() + pushedMs.value;
  }, 1_000);
}

/** The server says how far its clock was pushed. */
export function heedPush(ms: number): void {
  if (ms === pushedMs.value) return;
  pushedMs.value = ms;
  now.value = Date.now() + ms;
}

const SPANS: [name: string, ms: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** A duration: `220 ms`, `1.4 s`, `31 s`, `2 h 14 m`, `3 d 2 h`. */
export function duration(ms: number): string {
  if (!(ms > 0)) return "0 ms";
  if (ms < 999.5) return `${Math.max(1, Math.round(ms))} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const first = SPANS.findIndex(([, size]) => ms >= size * 0.9995);
  const [name, size] = SPANS[first]!;
  if (name === "s") return `${Math.round(ms / 1000)} s`;
  const [smaller, unit] = SPANS[first + 1]!;
  let whole = Math.floor(ms / size);
  let rest = Math.round((ms - whole * size) / unit);
  if (rest * unit >= size) [whole, rest] = [whole + 1, 0];
  return rest === 0 || whole >= 10 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${smaller}`;
}

/** How long ago, or how soon: `3 m ago`, `in 2 h`. */
export function ago(at: string | number, from: number = now.value): string {
  const ms = from - (typeof at === "number" ? at : Date.parse(at));
  if (Math.abs(ms) < 1_000) return "now";
  return ms > 0 ? `${coarse(ms)} ago` : `in ${coarse(-ms)}`;
}

function coarse(ms: number): string {
  const [name, size] = SPANS.find(([, one]) => ms >= one)!;
  return `${Math.floor(ms / size)} ${name}`;
}

const FULL = new Intl.DateTimeFormat("en-GB", {
  ...{ weekday: "short", day: "numeric", month: "short", year: "numeric" },
  ...{
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    timeZoneName: "short",
  },
});
const DAY = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A time in full, in the viewer's zone. */
export function full(at: string | number): string {
  return FULL.format(new Date(at));
}

/** A time in short: only the clock, if it is of today. */
export function short(at: string | number): string {
  const date = new Date(at);
  return date.toDateString() === new Date(now.value).toDateString() ? CLOCK.format(date) : DAY.format(date);
}

/** A time in a zone, with the day of the week; nothing: browsers do not know the zone. */
export function inZone(at: string, timeZone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      ...{ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
      ...{ timeZone, ...(new Date(at).getUTCSeconds() === 0 ? {} : { second: "2-digit" as const }) },
    }).format(new Date(at));
  } catch {
    return undefined;
  }
}

/** A limit of how many begin within a time: `5/s`, `100/min`, `3 in 10 s`. */
export function pace(number: number, seconds: number): string {
  const unit = new Map([[1, "s"], [60, "min"], [3_600, "h"], [86_400, "d"]]).get(seconds);
  return unit === undefined ? `${count(number)} in ${duration(seconds * 1_000)}` : `${count(number)}/${unit}`;
}

const WHOLE = new Intl.NumberFormat("en-US");

/** A whole number with commas: `48,210`. */
export function count(number: number): string {
  return WHOLE.format(number);
}

/** A number that may be an estimate: `≈ 48,200`. */
export function about(number: number, isEstimate: boolean): string {
  return isEstimate && number > 0 ? `≈ ${count(Number(number.toPrecision(3)))}` : count(number);
}

/** A large number in short: `2.1k`. */
export function brief(number: number): string {
  if (number < 1_000) return String(Math.round(number));
  const [size, name] = number < 999_950 ? [1_000, "k"] : [1_000_000, "M"];
  const value = number / size;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${name}`;
}

/** A number and its noun: `1 child`, `3 children`. */
export function many(number: number, one: string, more: string = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : more}`;
}

/** Bytes or characters: `1.2 MB`. */
export function size(bytes: number): string {
  return bytes < 1_000
    ? `${bytes} B`
    : bytes < 999_500
    ? `${Math.round(bytes / 1000)} kB`
    : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The end of an id: its beginning is a time, which neighbours share. */
export function shortId(id: string): string {
  return id.slice(-8);
}

// Control characters, and marks that turn the direction of what follows, are shown, not obeyed.
// deno-lint-ignore no-control-regex
const ODD = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text with what cannot be seen written as an escape. */
export function visible(text: string): string {
  return text.replace(ODD, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A text that is cut with a sign. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** A value as a program would write it, in one line, cut with a sign. */
export function inline(value: unknown, most = 60): string {
  return cut(visible(write(value, most, 0)), most);
}

function write(value: unknown, most: number, depth: number): string {
  if (typeof value === "string") return JSON.stringify(cut(value, most));
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    if (depth > 2) return "[…]";
    return `[${joined(value.map((one) => () => write(one, most, depth + 1)), most)}]`;
  }
  if (typeof value === "object" && value !== null) {
    const special = specialOf(value);
    if (special !== undefined) return special;
    const names = Object.entries(value);
    if (names.length === 0) return "{}";
    if (depth > 2) return "{…}";
    return `{ ${joined(names.map(([name, one]) => () => `${name}: ${write(one, most, depth + 1)}`), most)} }`;
  }
  return String(value);
}

// Stops once it is long enough.
function joined(parts: (() => string)[], most: number): string {
  let text = "";
  for (const [index, part] of parts.entries()) {
    if (text.length > most) return `${text}, …`;
    text += `${index === 0 ? "" : ", "}${part()}`;
  }
  return text;
}

/** What JSON has no word for is written as `{ "$": "undefined" }`. */
export function specialOf(value: object): string | undefined {
  const special = (value as { $?: unknown }).$;
  return typeof special === "string" && Object.keys(value).length === 1 ? special : undefined;
}
