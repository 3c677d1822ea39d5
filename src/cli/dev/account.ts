import { systemClock } from "../../runtime/clock.ts";
import type { LogFields } from "../../define/mod.ts";
import type { WorkerEvent } from "../../worker/loop/observer.ts";
import { CliError } from "../cli_error.ts";
import { stackLines } from "../error_lines.ts";
import { brief, glyph, tellDuration, tellTime } from "../format.ts";
import { widthOf } from "../redraw.ts";
import { shortId } from "../short_id.ts";
import type { Style, Terminal } from "../terminal.ts";
import { Crowds, MANY } from "./crowds.ts";
import type { LiveLines } from "./live_lines.ts";

/** Whose line it is. */
export type Speaker = Pick<WorkerEvent, "kind" | "target" | "id">;

/** What a handler, a flow or a module said. */
export interface Said {
  /** How severe it is. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** What was said. */
  readonly message: string;
  /** Data that was given with it. */
  readonly data?: unknown;
  /** Who said it; nothing: something outside of any execution. */
  readonly by?: Speaker | undefined;
}

/** How an account is given. */
export interface AccountOptions {
  /** For programs. */
  readonly json: boolean;
  /** The project: its paths are told from here. */
  readonly root: string;
}

/** What a line about an event begins with. */
interface Heading {
  /** Which execution, or how many. */
  readonly name: string;
  /** How long it took; empty: nothing to say. */
  readonly took: string;
  /** Whether its input, or output, is that of one execution. */
  readonly hasValue: boolean;
}

const LEVELS: Record<Said["level"], Style> = { debug: "quiet", info: "busy", warn: "warn", error: "bad" };

/** Tells what a worker does: a line for each execution, and one for many that are alike. */
export class Account {
  readonly #terminal: Terminal;
  readonly #lines: LiveLines;
  readonly #options: AccountOptions;
  readonly #begun = new Map<string, number>();
  readonly #running = new Map<string, WorkerEvent>();
  readonly #crowds: Crowds;

  /** @param terminal where @param lines the lines @param options for whom, and what is near */
  constructor(terminal: Terminal, lines: LiveLines, options: AccountOptions) {
    this.#terminal = terminal;
    this.#lines = lines;
    this.#options = options;
    this.#crowds = new Crowds({
      print: (line) => lines.print(line),
      isBusy: (name) => this.#countRunning(name) > 0,
      isMany: (name) => this.#countRunning(name) >= MANY,
    });
    lines.show(() => this.#underWay());
  }

  /** Tells an event. */
  hear(event: WorkerEvent): void {
    const { id, type } = event;
    if (type === "started") {
      this.#begun.set(id, this.#begun.get(id) ?? systemClock.monotonic());
      this.#running.set(id, event);
    } else this.#running.delete(id);
    if (this.#options.json) this.#json(event);
    else this.#show(event);
    if (type !== "started" && type !== "suspended") this.#begun.delete(id);
  }

  /** Whether it was told to begin and not yet to end. */
  isOpen(id: string): boolean {
    return this.#begun.has(id);
  }

  /** Tells what was said. */
  say({ level, message, data, by }: Said): void {
    if (this.#options.json) return this.#json({ type: "log", level, message, data, ...by });
    const { paint } = this.#terminal;
    const who = by === undefined ? "" : ` ${this.#name(by)}`;
    const tag = level === "info" ? "" : ` ${paint(LEVELS[level], level)}`;
    const told = `${tag} ${message}${data === undefined ? "" : ` ${paint("quiet", brief(data, 200))}`}`;
    const name = by === undefined ? "" : `${by.kind} ${by.target}`;
    this.#crowds.add({
      key: `say ${name} ${level} ${message} ${brief(data, 200)}`,
      name,
      line: `${this.#time()} ·${who}${told}`,
      summary: (count) => `${this.#time()} · ${this.#many(name, count)}${told}`,
    });
  }

  /** Tells what `ctx.log` of a handler, or `console.log` of a flow, wrote. */
  sayOf(level: Said["level"], message: string, fields: LogFields = {}): void {
    const { task, workflow, execution, data } = fields;
    const kind = task === undefined ? "workflow" : "task";
    this.say({ level, message, data, by: { kind, target: String(task ?? workflow), id: String(execution) } });
  }

  /** Tells something else that happened. */
  tell(line: string): void {
    if (this.#options.json) return this.#json({ type: "note", message: line });
    this.#crowds.add({ key: "", name: "", line });
  }

  /** Tells what went wrong; the rest goes on. */
  trouble(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const picture = error instanceof CliError && error.picture !== undefined ? `\n${error.picture}` : "";
    this.tell(`${this.#terminal.paint("bad", "error:")} ${message}${picture}`);
  }

  /** Tells what was held back. */
  close(): void {
    this.#crowds.close();
  }

  #json(told: object): void {
    this.#terminal.print(JSON.stringify({ at: new Date(systemClock.now()), ...told }));
  }

  #show(event: WorkerEvent): void {
    this.#lines.draw();
    switch (event.type) {
      case "started":
        // On a terminal it stands among what is under way.
        if (!this.#terminal.isTerminal && event.kind === "task") this.#gather(event);
        break;
      case "suspended":
        if (isWorthALine(event)) this.#gather(event);
        break;
      default:
        this.#gather(event);
    }
  }

  #gather(event: WorkerEvent): void {
    const { type, kind, target, id, error, willRetry, waits, reason } = event;
    const isEnd = type !== "started" && type !== "suspended";
    const since = isEnd ? this.#begun.get(id) : undefined;
    const tookMs = since === undefined ? undefined : systemClock.monotonic() - since;
    const name = `${kind} ${target}`;
    this.#crowds.add({
      key: JSON.stringify([type, name, error?.type, error?.message, willRetry, waits, reason]),
      name,
      waitsForOthers: type !== "started",
      isLast: kind === "workflow",
      tookMs,
      line: this.#line(event, {
        name: this.#name(event),
        took: tookMs === undefined ? "" : tellDuration(tookMs),
        hasValue: true,
      }),
      summary: (count, [least, most]) =>
        this.#line(event, {
          name: this.#many(name, count),
          took: least === undefined || most === undefined
            ? ""
            : `${tellDuration(least)} to ${tellDuration(most)}`,
          hasValue: false,
        }),
    });
  }

  #underWay(): string[] {
    const groups = Map.groupBy(this.#running.values(), ({ kind, target }) => `${kind} ${target}`);
    return [...groups].flatMap(([name, events]) =>
      events.length >= MANY
        ? [this.#runningLine(this.#many(name, events.length), events)]
        : events.map((event) => this.#runningLine(this.#name(event), [event]))
    );
  }

  #runningLine(name: string, events: readonly WorkerEvent[]): string {
    const { paint } = this.#terminal;
    const since = Math.min(...events.map(({ id }) => this.#begun.get(id)!));
    return `${paint("busy", "▶")} ${name} ${paint("quiet", tellDuration(systemClock.monotonic() - since))}`;
  }

  #line(event: WorkerEvent, { name, took, hasValue }: Heading): string {
    const { paint } = this.#terminal;
    const sign = glyph(event.type === "started" ? "running" : event.type, this.#terminal);
    const head = [this.#time(), sign, name, ...(took === "" ? [] : [paint("quiet", took)])].join(" ");
    switch (event.type) {
      case "started":
        return hasValue ? `${head} ${paint("quiet", this.#brief(event.inputs, head))}` : head;
      case "completed": {
        if (!hasValue) return head;
        const output = this.#brief(JSON.parse(event.output ?? "null"), `${head} → `);
        return `${head} ${paint("quiet", `→ ${output}`)}`;
      }
      case "failed": {
        const again = event.willRetry ? paint("warn", " · will be tried again") : "";
        const stack = event.error === undefined ? [] : stackLines(event.error, { full: false });
        return [
          `${head} ${event.error?.type}: ${event.error?.message}${again}`,
          ...stack.map((line) => paint("quiet", `  ${this.#near(line)}`)),
        ].join("\n");
      }
      case "suspended":
        return `${head} waits for ${(event.waits ?? []).map(inLocalTime).join(", ")}`;
      default:
        return `${head} ${event.type}${event.reason === undefined ? "" : `: ${event.reason}`}`;
    }
  }

  // Each load of a module has its own number, which means nothing to its author.
  #near(line: string): string {
    return line.replaceAll("file://", "").replaceAll(`${this.#options.root}/`, "").replaceAll(/\?v=\d+/g, "");
  }

  #brief(value: unknown, head: string): string {
    const { isTerminal, columns } = this.#terminal;
    return brief(value, isTerminal ? Math.max(20, columns - widthOf(head) - 1) : 60);
  }

  #time(): string {
    return this.#terminal.paint("quiet", tellTime(new Date(systemClock.now())));
  }

  #countRunning(name: string): number {
    let count = 0;
    for (const { kind, target } of this.#running.values()) if (`${kind} ${target}` === name) count++;
    return count;
  }

  #many(name: string, count: number): string {
    const [kind, ...target] = name.split(" ");
    const { paint } = this.#terminal;
    return name === ""
      ? `×${count}`
      : `${kind} ${paint("name", target.join(" "))} ${paint("bold", `×${count}`)}`;
  }

  #name({ kind, target, id, ...more }: Speaker & { attempt?: number }): string {
    const { paint } = this.#terminal;
    const { attempt = 1 } = more;
    const tries = attempt > 1 && kind === "task" ? paint("warn", ` (attempt ${attempt})`) : "";
    return `${kind} ${paint("name", target)}${tries} ${paint("quiet", shortId(id))}`;
  }
}

function inLocalTime(wait: string): string {
  return wait.replace(/^(a timer until )(.*)$/, (_, words, at) => `${words}${tellTime(new Date(at))}`);
}

// That a workflow waits for its own tasks is told by the lines of those tasks.
function isWorthALine(event: WorkerEvent): boolean {
  return (event.waits ?? []).some((wait) => /^(signal|a timer)/.test(wait));
}
