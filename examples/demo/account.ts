// A live account of what the worker does, one line per event, for people.
import type { WorkerEvent } from "@rhythm/core";

const ESCAPE = { dim: 90, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, bold: 1 } as const;

type Paint = (colour: keyof typeof ESCAPE, text: string) => string;

/** Colours, if somebody can see them. */
export const paint: Paint = Deno.stdout.isTerminal() && !Deno.noColor
  ? (colour, text) => `\x1b[${ESCAPE[colour]}m${text}\x1b[0m`
  : (_colour, text) => text;

/** Tells events with the time since it began. */
export class Account {
  readonly #began = performance.now();
  readonly #write: (line: string) => void;
  #explained = false;

  /** @param write where the lines go */
  constructor(write: (line: string) => void = console.log) {
    this.#write = write;
  }

  /** A line of the narrator. */
  tell(text: string): void {
    this.#write(`${this.#time()}   ${text}`);
  }

  /** What the worker did. */
  event(event: WorkerEvent): void {
    const line = describe(event);
    if (line !== undefined) this.#write(`${this.#time()} ${line}`);
    if (event.type !== "suspended" || this.#explained) return;
    this.#explained = true;
    this.tell(
      paint("dim", "while it waits it is a row in the database: no process holds it, none can lose it"),
    );
  }

  /** The seconds since it began. */
  get seconds(): string {
    return ((performance.now() - this.#began) / 1000).toFixed(1);
  }

  #time(): string {
    return paint("dim", `${((performance.now() - this.#began) / 1000).toFixed(2).padStart(6)} s`);
  }
}

function describe(event: WorkerEvent): string | undefined {
  const name = paint(event.kind === "workflow" ? "magenta" : "cyan", event.target);
  switch (event.type) {
    case "started":
      if (event.kind === "workflow") return undefined;
      return `${paint("blue", "▶")} ${name} ${paint("dim", brief(event.inputs))}${attempt(event)}`;
    case "completed":
      return `${paint("green", "✔")} ${name} ${paint("dim", brief(JSON.parse(event.output ?? "null")))}`;
    case "failed":
      return `${paint("red", "✘")} ${name} ${event.error?.message}${
        event.willRetry ? paint("yellow", " — will be tried again") : ""
      }`;
    case "suspended":
      return event.waits === undefined || event.waits.length === 0
        ? undefined
        : `${paint("yellow", "◌")} ${name} waits for ${
          event.waits.map((wait) => paint("bold", untilWhen(wait))).join(", ")
        }`;
    default:
      return `${paint("yellow", "■")} ${name} ${event.type}`;
  }
}

// "a timer until 2026-01-01T12:00:02.000Z" says more to a person as "a timer, 1.0 s".
function untilWhen(wait: string): string {
  const at = Date.parse(/^a timer until (.+)$/.exec(wait)?.[1] ?? "");
  return Number.isNaN(at) ? wait : `a timer, ${(Math.max(0, at - Date.now()) / 1000).toFixed(1)} s`;
}

function attempt(event: WorkerEvent): string {
  return event.attempt > 1 ? paint("yellow", ` (attempt ${event.attempt})`) : "";
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 70 ? `${text.slice(0, 70)}…` : text;
}
