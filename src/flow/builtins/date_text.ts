/** A date and time without a zone, in the format of the specification. */
const ISO_LOCAL = /^(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?T\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?$/;
/** A zone by name, as V8's reader of older formats knows them. */
const ZONE_NAME = /(?:^|[^a-z])(?:ut|utc|gmt|z|[ecmp][sd]t)(?:[^a-z]|$)/i;
/** An offset behind a time. */
const ZONE_OFFSET = /:\d[^(]*[+-]\s*\d/;
/** Longer texts are no dates. */
const MAX_LENGTH = 200;

/**
 * `Date.parse`, where a time without a zone is UTC whatever the host's zone is.
 *
 * @returns milliseconds since 1970, or NaN
 */
export function parseDate(text: string): number {
  if (text.length > MAX_LENGTH) return NaN;
  const parsed = Date.parse(text);
  if (Number.isNaN(parsed)) return NaN;
  if (ISO_LOCAL.test(text)) return Date.parse(`${text}Z`);
  if (isIsoWithZone(text)) return parsed;
  const bare = withoutComments(text);
  if (ZONE_NAME.test(bare) || ZONE_OFFSET.test(bare)) return parsed;
  return Date.parse(`${bare} UTC`);
}

function isIsoWithZone(text: string): boolean {
  return /^(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?(?:T\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/
    .test(text);
}

/** What stands in brackets is not read. */
function withoutComments(text: string): string {
  let depth = 0;
  let bare = "";
  for (const char of text) {
    if (char === "(") depth++;
    else if (char === ")" && depth > 0) depth--;
    else if (depth === 0) bare += char;
  }
  return bare;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** `date.toDateString()` in UTC. */
export function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return "Invalid Date";
  const year = date.getUTCFullYear();
  const shown = `${year < 0 ? "-" : ""}${String(Math.abs(year)).padStart(4, "0")}`;
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())} ${shown}`;
}

/** `date.toTimeString()` in UTC. */
export function timeText(date: Date): string {
  if (Number.isNaN(date.getTime())) return "Invalid Date";
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  return `${time} GMT+0000 (Coordinated Universal Time)`;
}

/** `date.toString()` in UTC. */
export function dateTimeText(date: Date): string {
  return Number.isNaN(date.getTime()) ? "Invalid Date" : `${dateText(date)} ${timeText(date)}`;
}
