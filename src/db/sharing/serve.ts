import { RhythmError } from "../../shared/error.ts";
import { type CancelTimer, systemClock } from "../../runtime/clock.ts";
import type { Database, Queryable, Unlisten } from "../database.ts";
import { EngineError, engineError } from "../engine_errors.ts";
import { type Ask, Line, type Told, type ToldError } from "./wire.ts";

/** A transaction of a process that says nothing for so long is rolled back: everybody else waits for it. */
const SILENCE_MS = 60_000;
/** How long a process may take to say the token. */
const HELLO_MS = 10_000;
/** How long what others have begun may take, once this process wants to end. */
const LEAVING_MS = 5_000;
/** How long others may take to hear the farewell. */
const FAREWELL_MS = 1_000;

/**
 * A database that other processes of this machine can use, until it is disposed of. What they have begun may end first. They
 * hear which of their requests were not begun, and can make them elsewhere.
 */
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
  const visits = new Set<Visit>();
  void accept(listener, (conn) => {
    const visit = new Visit(new Line<Ask, Told>(conn), { database, token });
    visits.add(visit);
    void visit.over.finally(() => visits.delete(visit));
  });
  return {
    port: listener.addr.port,
    token,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await Promise.all([...visits].map((visit) => visit.end()));
    },
  };
}

async function accept(listener: Deno.TcpListener, take: (conn: Deno.TcpConn) => void): Promise<void> {
  try {
    for await (const conn of listener) take(conn);
  } catch { /* it was closed */ }
}

/** A process that uses the database, over its connection. */
class Visit {
  /** Resolves when the connection has ended. */
  readonly over: Promise<void>;
  readonly #line: Line<Ask, Told>;
  readonly #caller: Caller;

  constructor(line: Line<Ask, Told>, { database, token }: { database: Database; token: string }) {
    this.#line = line;
    this.#caller = new Caller(database, line);
    this.over = this.#serve(token).finally(() => line.close());
  }

  /** Lets end what was begun, says that nothing else was, and ends. */
  async end(): Promise<void> {
    await Promise.race([this.#caller.finish(), this.over, systemClock.sleep(LEAVING_MS)]);
    await this.#line.send({ id: 0, isLeaving: true }).then(() => this.#line.endSending()).catch(() => {});
    await Promise.race([this.over, systemClock.sleep(FAREWELL_MS)]);
    this.#line.close();
    await this.over;
  }

  async #serve(token: string): Promise<void> {
    const cancel = systemClock.after(HELLO_MS, () => this.#line.close(), { background: true });
    const isRight = await this.#line.hasToken(token);
    cancel();
    if (!isRight) return;
    try {
      for await (const ask of this.#line.messages()) void this.#caller.answer(ask);
    } finally {
      await this.#caller.leave();
    }
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
  readonly #line: Line<Ask, Told>;
  readonly #transactions = new Map<number, OpenTransaction>();
  readonly #listening = new Map<number, Unlisten>();
  #left = false;
  #running = 0;
  /** Set when nothing new is begun: called when all that was begun has ended. */
  #finished: (() => void) | undefined;

  constructor(database: Database, line: Line<Ask, Told>) {
    this.#database = database;
    this.#line = line;
  }

  async answer(ask: Ask): Promise<void> {
    // What belongs to a transaction, or to listening, was begun before.
    if (this.#finished !== undefined && ask.of === undefined) {
      return void await this.#tell({ id: ask.id, isLeaving: true }).catch(() => {});
    }
    this.#running++;
    await this.#answer(ask);
    this.#running--;
    this.#look();
  }

  /** Begins nothing new, and resolves when all that was begun has ended. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#finished = resolve;
      this.#look();
    });
  }

  #look(): void {
    if (this.#running === 0 && this.#transactions.size === 0) this.#finished?.();
  }

  #tell(told: Told): Promise<unknown> {
    return this.#line.send(told);
  }

  async #answer(ask: Ask): Promise<void> {
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
      this.#look();
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
