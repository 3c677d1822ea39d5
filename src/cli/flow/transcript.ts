import { brief, glyph, tellDuration } from "../format.ts";
import type { Style, Terminal } from "../terminal.ts";
import type { SimulatedEvent } from "./simulation.ts";

const LEVELS: Record<string, Style> = { warn: "warn", error: "bad" };

/** Tells a simulation line by line, each with the time since it began. */
export class Transcript {
  readonly #terminal: Terminal;
  readonly #start: Date;

  /** @param terminal where @param start when the simulation began */
  constructor(terminal: Terminal, start: Date) {
    this.#terminal = terminal;
    this.#start = start;
  }

  /** Tells what happened. */
  tell(event: SimulatedEvent, now: Date): void {
    const { paint } = this.#terminal;
    const time = paint("quiet", tellDuration(now.getTime() - this.#start.getTime()).padStart(9));
    const indent = "  ".repeat(Math.max(0, event.depth));
    this.#terminal.print(`${time}  ${indent}${this.#line(event, now)}`);
  }

  #line(event: SimulatedEvent, now: Date): string {
    const { paint } = this.#terminal;
    const quiet = (value: unknown): string => paint("quiet", brief(value, 80));
    switch (event.type) {
      case "started":
        return `${paint("busy", "▶")} ${event.kind} ${paint("name", event.target)} ${quiet(event.inputs)}`;
      case "ended": {
        const tries = event.attempt > 1 ? paint("warn", ` (attempt ${event.attempt})`) : "";
        const head = `${glyph(event.end.status, this.#terminal)} ${event.kind} ${
          paint("name", event.target)
        }${tries}`;
        return event.end.status === "completed"
          ? `${head} → ${quiet(event.end.output)}`
          : `${head} ${event.end.error.type}: ${event.end.error.message}`;
      }
      case "retried":
        return `${paint("warn", "↻")} task ${paint("name", event.target)} attempt ${event.attempt} failed: ` +
          `${event.error.message}`;
      case "timer":
        return `${paint("warn", "◷")} timer for ${tellDuration(event.until.getTime() - now.getTime())}`;
      case "fired":
        return `${paint("good", "◷")} timer fires`;
      case "awaited": {
        const limit = event.until === undefined
          ? ""
          : `, for ${tellDuration(event.until.getTime() - now.getTime())} at most`;
        return `${paint("warn", "◌")} waits for signal ${paint("name", event.name)}${limit}`;
      }
      case "received":
        return `${paint("good", "●")} signal ${paint("name", event.name)} ${quiet(event.payload)}`;
      case "timed out":
        return `${paint("warn", "◌")} no signal ${paint("name", event.name)} came in time`;
      case "sent":
        return `${paint("busy", "→")} sends signal ${paint("name", event.name)} ${quiet(event.payload)}`;
      case "log":
        return `${paint(LEVELS[event.level] ?? "quiet", event.level.padEnd(5))} ${event.message}`;
    }
  }
}
