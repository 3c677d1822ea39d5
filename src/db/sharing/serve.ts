import { RhythmError } from "../../shared/error.ts";
import { type CancelTimer, systemClock } from "../../runtime/clock.ts";
import type { Database, Queryable, Unlisten } from "../database.ts";
import { EngineError, engineError } from "../engine_errors.ts";
import { type Ask, type Hello, Line, type Told, type ToldError } from "./wire.ts";

/** A transaction of a process that says nothing for so long is rolled back: everybody else waits for it. */
const SILENCE_MS = 60_000;

/** A database that other processes of this machine can use, until it is disposed of: what they have open is rolled back. */
export interface Served extends AsyncDisposable {
  /** The port on 127.0.0.1. */
  readonly port: number;
  /** What a caller has to bring. */
  readonly token: string;
}

/**
 * Lets other processes of this machine use a database: everything that a {@linkcode Database} can do.
 *
 * @param database the database
 * @returns where, and for whom
 */
export function serveDatabase(database: Database): Served {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  // A program that ends does not wait for others.
  listener.unref();
  const token = systemClock.uuid() + systemClock.uuid();
  const lines = new Map<Line<Ask, Told>, Promise<void>>();
  void accept(listener, (conn) => {
    const line = new Line<Ask, Told>(conn);
    const served = serve(line, { database, token }).finally(() => {
      line.close();
      lines.delete(line);
    });
    lines.set(line, served);
  });
  return {
    port: listener.addr.port,
    token,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      const served = [...lines.values()];
      for (const line of lines.keys()) line.close();
      await Promise.all(served);
    },
  };
}

async function accept(listener: Deno.TcpListener, take: (conn: Deno.TcpConn) => void): Promise<void> {
  try {
    for await (const conn of listener) take(conn);
  } catch { /* it was closed */ }
}

async function serve(
  line: Line<Ask, Told>,
  { database, token }: { database: Database; token: string },
): Promise<void> {
  const messages = line.messages();
  const hello = await messages.next();
  if (hello.done || (hello.value as unknown as Hello).token !== token) return;
  const caller = new Caller(database, (told) => line.send(told));
  try {
    for await (const ask of messages) void caller.answer(ask);
  } finally {
    await caller.leave();
  }
}

interface OpenTransaction {
  readonly tx: Queryable;
  readonly end: PromiseWithResolvers<void>;
  readonly whole: Promise<void>;
  silence: CancelTimer;
}

/** One process that uses the database, its transactions and what it listens to. */
class Caller {
  readonly #database: Database;
  readonly #tell: (told: Told) => Promise<unknown>;
  readonly #transactions = new Map<number, OpenTransaction>();
  readonly #listening = new Map<number, Unlisten>();
  #left = false;

  constructor(database: Database, tell: (told: Told) => Promise<unknown>) {
    this.#database = database;
    this.#tell = tell;
  }

  async answer(ask: Ask): Promise<void> {
    const { id } = ask;
    const told = await this.#do(ask).then(
      (rows): Told => rows === undefined ? { id } : { id, rows },
      (error): Told => ({ id, error: tellError(error) }),
    );
    // A value that cannot be sent is an error, too. A client that has left gets nothing.
    await this.#tell(told).catch((error) => this.#tell({ id, error: tellError(error) })).catch(() => {});
  }

  async leave(): Promise<void> {
    this.#left = true;
    for (const { end, whole } of [...this.#transactions.values()]) {
      end.reject(new RolledBack());
      await whole.catch(() => {});
    }
    for (const stop of this.#listening.values()) await stop();
  }

  async #do(ask: Ask): Promise<Record<string, unknown>[] | undefined> {
    const { op, text = "", params } = ask;
    switch (op) {
      case "query":
        return await this.#on(ask).query(text, params);
      case "script":
        await this.#on(ask).script(text);
        return;
      case "begin":
        return await this.#begin(ask.id);
      case "listen":
        return await this.#listen(ask.id, text);
      case "unlisten":
        await this.#listening.get(ask.of!)?.();
        this.#listening.delete(ask.of!);
        return;
      case "commit":
      case "rollback": {
        const { end, whole } = this.#transaction(ask.of!);
        if (op === "commit") end.resolve();
        else end.reject(new RolledBack());
        await (op === "commit" ? whole : whole.catch(() => {}));
      }
    }
  }

  #on({ of }: Ask): Queryable {
    return of === undefined ? this.#database : this.#transaction(of).tx;
  }

  #transaction(of: number): OpenTransaction {
    const open = this.#transactions.get(of);
    if (open === undefined) {
      const message = "The transaction was rolled back: nothing was asked in it for a minute";
      throw engineError({ code: "25P03", message });
    }
    open.silence();
    open.silence = this.#endOnSilence(open.end);
    return open;
  }

  async #begin(id: number): Promise<undefined> {
    const begun = Promise.withResolvers<Queryable>();
    const end = Promise.withResolvers<void>();
    const whole = this.#database.transaction(async (tx) => {
      begun.resolve(tx);
      await end.promise;
    });
    whole.catch(begun.reject).finally(() => {
      this.#transactions.get(id)?.silence();
      this.#transactions.delete(id);
    });
    const tx = await begun.promise;
    if (this.#left) return void end.reject(new RolledBack());
    this.#transactions.set(id, { tx, end, whole, silence: this.#endOnSilence(end) });
  }

  #endOnSilence(end: PromiseWithResolvers<void>): CancelTimer {
    return systemClock.after(SILENCE_MS, () => end.reject(new RolledBack()));
  }

  async #listen(id: number, channel: string): Promise<undefined> {
    const stop = await this.#database.listen(channel, {
      onNotify: (payload) => void this.#tell({ id, payload }).catch(() => {}),
    });
    if (this.#left) await stop();
    else this.#listening.set(id, stop);
  }
}

class RolledBack extends Error {}

function tellError(error: unknown): ToldError {
  if (error instanceof EngineError) {
    const { code, hint, detail } = error;
    // The sentence has its hint in it already; the other side adds it again.
    const message = hint === undefined ? error.message : error.message.slice(0, -hint.length - 2);
    return { kind: "engine", code, message, ...(hint && { hint }), ...(detail && { detail }) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "other", code: error instanceof RhythmError ? error.code : "INTERNAL", message };
}
