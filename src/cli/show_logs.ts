import { ask, type EngineRef } from "../db/calls/engine_ref.ts";
import type { StoredLine } from "../db/calls/executions.ts";
import { ExecutionNotFoundError } from "../db/engine_errors.ts";
import type { Call } from "./command.ts";
import { brief, tellTime } from "./format.ts";
import { pause } from "./pause.ts";
import { wrapped } from "./redraw.ts";
import { openSession, type Session } from "./session.ts";
import { shortId, wholeId } from "./short_id.ts";
import type { Style, Terminal } from "./terminal.ts";

const LEVELS = ["debug", "info", "warn", "error"];
const LOOK_EVERY_MS = 300;
// Lines are numbered when they are written and seen when they are committed: so far back we look again.
const OVERLAP = 1_000;
const MOST = 10_000;

/** What `rhythm logs` takes. */
export interface LogFlags {
  follow?: boolean;
  level?: string;
  limit: number;
}

interface Line extends StoredLine {
  target: string;
}

/** Prints log lines; with `--follow` also those that come. */
export async function showLogs(call: Call<LogFlags>): Promise<void> {
  const [given] = call.args;
  const { limit } = call.options;
  // From the first moment on Ctrl-C ends a follower without a message.
  const signal = call.options.follow ? call.signal : undefined;
  await using session = await openSession(call.options);
  const id = given === undefined ? undefined : await wholeId(session, given);
  if (id !== undefined && await session.executions.get(id) === null) throw ExecutionNotFoundError.of(id);
  const reader = new LogReader(
    session.engine,
    id,
    LEVELS.slice(LEVELS.indexOf(call.options.level ?? "debug")),
  );
  const last = await reader.last(limit);
  for (const line of last) print(line, call);
  if (signal === undefined) {
    if (last.length === 0 && !call.json) call.terminal.say(noLines(id));
    return;
  }
  for (;;) {
    const over = id !== undefined && await isOver(session, id);
    for (const line of await reader.more()) print(line, call);
    if (over) return;
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** Reads log lines, each once, in the order of their numbers. */
class LogReader {
  readonly #engine: EngineRef;
  readonly #id: string | undefined;
  readonly #levels: readonly string[];
  #seen = new Set<number>();
  #newest = 0;

  constructor(engine: EngineRef, id: string | undefined, levels: readonly string[]) {
    this.#engine = engine;
    this.#id = id;
    this.#levels = levels;
  }

  async last(limit: number): Promise<Line[]> {
    return this.#keep((await this.#read(0, "desc", limit)).reverse());
  }

  async more(): Promise<Line[]> {
    const lines = await this.#read(Math.max(0, this.#newest - OVERLAP), "asc", MOST);
    return this.#keep(lines.filter((line) => !this.#seen.has(Number(line.id))));
  }

  #keep(lines: Line[]): Line[] {
    for (const line of lines) {
      this.#seen.add(Number(line.id));
      this.#newest = Math.max(this.#newest, Number(line.id));
    }
    if (this.#seen.size > 4 * OVERLAP) {
      this.#seen = new Set([...this.#seen].filter((id) => id > this.#newest - OVERLAP));
    }
    return lines;
  }

  async #read(after: number, order: "asc" | "desc", limit: number): Promise<Line[]> {
    const whose = this.#id === undefined ? "" : `
      and l.execution_id in (
        with recursive tree as (
          select r.id from rhythm.executions as r where r.id = $2::text::uuid
          union all
          select c.id from rhythm.executions as c join tree as t on c.parent_id = t.id
        )
        select t.id from tree as t
      )`;
    return await ask<Line>(
      this.#engine,
      `select l.id::text, l.execution_id as "executionId", l.at, l.level, l.message, l.data, e.target
      from rhythm.logs as l join rhythm.executions as e on e.id = l.execution_id
      where l.id > $1::text::bigint and l.level in (${
        this.#levels.map((level) => `'${level}'`).join(", ")
      })${whose}
      order by l.id ${order} limit ${limit}`,
      this.#id === undefined ? [String(after)] : [String(after), this.#id],
    );
  }
}

function noLines(id: string | undefined): string {
  const whose = id === undefined ? "" : `of ${id} `;
  return `no log lines ${whose}at this level: a task writes them with ctx.log.info("…")`;
}

async function isOver(session: Session, id: string): Promise<boolean> {
  return (await session.executions.get(id))?.completedAt !== null;
}

function print(line: Line, call: Call): void {
  const { terminal } = call;
  terminal.print(call.json ? JSON.stringify(line) : wrapped(render(line, terminal), terminal));
}

const STYLES: Record<string, Style> = { debug: "quiet", info: "busy", warn: "warn", error: "bad" };

function render(line: Line, terminal: Terminal): string {
  const { paint } = terminal;
  const data = line.data === null ? "" : ` ${paint("quiet", brief(line.data, 200))}`;
  const who = `${line.target} ${shortId(line.executionId)}`;
  const level = paint(STYLES[line.level] ?? "quiet", line.level.padEnd(5));
  return `${paint("quiet", tellTime(line.at))} ${level} ${paint("name", who)}  ${line.message}${data}`;
}
