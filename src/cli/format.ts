import { systemClock } from "../runtime/clock.ts";
import type { Execution } from "../define/mod.ts";
import type { JsonValue } from "../shared/json.ts";
import { tellDuration } from "../shared/tell.ts";
import type { Terminal } from "./terminal.ts";
import type { Style } from "./terminal.ts";

export { count, tellCount, tellDuration } from "../shared/tell.ts";

/** A moment for people, in their own time zone: the time alone if it is today. */
export function tellTime(at: Date, now: Date = new Date(systemClock.now())): string {
  const pad = (value: number): string => String(value).padStart(2, "0");
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}

/** When it was, or will be, as seen from now: `3 m ago`, `in 2 d 4 h`. */
export function tellSince(at: Date, now: Date = new Date(systemClock.now())): string {
  const ms = now.getTime() - at.getTime();
  return ms >= 0 ? `${tellDuration(ms)} ago` : `in ${tellDuration(-ms)}`;
}

/** JSON on one line, cut to a width. */
export function brief(value: unknown, width = 60): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;
}

const STATES: Record<string, [glyph: string, style: Style]> = {
  pending: ["○", "quiet"],
  running: ["▶", "busy"],
  suspended: ["◌", "warn"],
  completed: ["✔", "good"],
  failed: ["✘", "bad"],
  cancelled: ["■", "quiet"],
  frozen: ["❄", "quiet"],
};

/** The sign of a state, in its colour. */
export function glyph(status: string, terminal: Pick<Terminal, "paint">): string {
  const [sign, style] = STATES[status] ?? ["?", "quiet"];
  return terminal.paint(style, sign);
}

/** A state's colour. */
export function stateStyle(status: string): Style {
  return STATES[status]?.[1] ?? "quiet";
}

/** What an execution reported of its progress: a share of 1 as a percentage, anything else as it is. */
export function tellProgress(progress: JsonValue): string {
  const isShare = typeof progress === "number" && progress >= 0 && progress <= 1;
  return isShare ? `${Math.floor(progress * 100)} %` : brief(progress, 40);
}

/** Which attempt it is. Once one was lost: how many before it threw, and how many were lost. */
export function tellTries({ attempt, maxAttempts, failures, crashes, maxCrashes }: Tries): string {
  if (crashes > 0) {
    const lost = `${crashes} of ${maxCrashes} lost with ${crashes === 1 ? "its worker" : "their workers"}`;
    return `attempt ${attempt} (${failures} of ${maxAttempts} threw, ${lost})`;
  }
  // Once an execution has ended, its lost attempts are no longer known.
  return attempt > maxAttempts ? `attempt ${attempt}` : `attempt ${attempt} of ${maxAttempts}`;
}

/** What is known of an execution's attempts. */
export type Tries = Pick<Execution, "attempt" | "maxAttempts" | "failures" | "crashes" | "maxCrashes">;
