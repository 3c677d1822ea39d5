import { systemClock } from "../../runtime/clock.ts";
import type { WorkerEvent } from "../../worker/loop/observer.ts";
import { CliError } from "../cli_error.ts";
import { brief, glyph, tellDuration, tellTime } from "../format.ts";
import { shortId } from "../short_id.ts";
import type { Terminal } from "../terminal.ts";
import type { LiveLines } from "./live_lines.ts";

/** Tells what a worker does, a line for each execution. */
export class Account {
  readonly #terminal: Terminal;
  readonly #lines: LiveLines;
  readonly #json: boolean;
  readonly #begun = new Map<string, number>();

  /** @param terminal where @param lines the lines @param json for programs */
  constructor(terminal: Terminal, lines: LiveLines, options: { json: boolean }) {
    this.#terminal = terminal;
    this.#lines = lines;
    this.#json = options.json;
  }

  /** Tells an event. */
  hear(event: WorkerEvent): void {
    if (this.#json) {
      return this.#terminal.print(JSON.stringify({ at: new Date(systemClock.now()), ...event }));
    }
    const { id, type } = event;
    if (type === "started") {
      const since = this.#begun.get(id) ?? systemClock.monotonic();
      this.#begun.set(id, since);
      if (this.#terminal.isTerminal) return this.#lines.set(id, () => this.#running(event, since));
      if (event.kind === "task") this.#lines.print(this.#line(event));
      return;
    }
    this.#lines.delete(id);
    if (type === "suspended" && !isWorthALine(event)) return;
    this.#lines.print(this.#line(event));
    if (type !== "suspended") this.#begun.delete(id);
  }

  /** Tells something else that happened. */
  tell(line: string): void {
    if (this.#json) {
      this.#terminal.print(JSON.stringify({ at: new Date(systemClock.now()), type: "note", message: line }));
    } else this.#lines.print(line);
  }

  /** Tells what went wrong; the rest goes on. */
  trouble(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const picture = error instanceof CliError && error.picture !== undefined ? `\n${error.picture}` : "";
    this.tell(`${this.#terminal.paint("bad", "error:")} ${message}${picture}`);
  }

  #running(event: WorkerEvent, since: number): string {
    const { paint } = this.#terminal;
    return `${paint("busy", "▶")} ${this.#name(event)} ${
      paint("quiet", tellDuration(systemClock.monotonic() - since))
    }`;
  }

  #line(event: WorkerEvent): string {
    const { paint } = this.#terminal;
    const time = paint("quiet", tellTime(new Date(systemClock.now())));
    const since = this.#begun.get(event.id);
    const took = since === undefined
      ? ""
      : ` ${paint("quiet", tellDuration(systemClock.monotonic() - since))}`;
    const sign = event.type === "started"
      ? glyph("running", this.#terminal)
      : glyph(event.type, this.#terminal);
    const head = `${time} ${sign} ${this.#name(event)}`;
    switch (event.type) {
      case "started":
        return `${head} ${paint("quiet", brief(event.inputs))}`;
      case "completed":
        return `${head}${took} ${paint("quiet", `→ ${brief(JSON.parse(event.output ?? "null"))}`)}`;
      case "failed": {
        const again = event.willRetry ? paint("warn", " · will be tried again") : "";
        return `${head}${took} ${event.error?.type}: ${event.error?.message}${again}`;
      }
      case "suspended":
        return `${head} waits for ${(event.waits ?? []).join(", ")}`;
      default:
        return `${head}${took} ${event.type}`;
    }
  }

  #name(event: WorkerEvent): string {
    const { paint } = this.#terminal;
    const tries = event.attempt > 1 && event.kind === "task"
      ? paint("warn", ` (attempt ${event.attempt})`)
      : "";
    return `${event.kind} ${paint("name", event.target)}${tries} ${paint("quiet", shortId(event.id))}`;
  }
}

// That a workflow waits for its own tasks is told by the lines of those tasks.
function isWorthALine(event: WorkerEvent): boolean {
  return (event.waits ?? []).some((wait) => /^(signal|a timer)/.test(wait));
}
