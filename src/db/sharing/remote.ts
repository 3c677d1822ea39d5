import { RhythmError } from "../../shared/error.ts";
import type { Database, ListenOptions, Queryable, Row, Unlisten } from "../database.ts";
import { engineError } from "../engine_errors.ts";
import { DatabaseUnavailableError } from "../errors.ts";
import { type Ask, Line, type Told, type ToldError } from "./wire.ts";

/** Where a process serves its database. */
export interface RemoteAddress {
  /** The port on 127.0.0.1. */
  readonly port: number;
  /** What it wants to see. */
  readonly token: string;
}

/** Thrown when the other process ended before it began a request: it can be made elsewhere as it is. */
export class NotBegunError extends DatabaseUnavailableError {}

interface Waiting extends PromiseWithResolvers<Row[]> {
  /** Whether it belongs to something that was begun before: it cannot be made elsewhere. */
  readonly isPart: boolean;
  /** Whether it only begins a transaction, which is undone with its process. */
  readonly isEmpty: boolean;
}

/** A database that another process of this machine has open. */
export class RemoteDatabase implements Database {
  readonly kind: "server" | "embedded";
  readonly url: string;
  /** Resolves when the other process is gone. */
  readonly lost: Promise<void>;
  readonly #line: Line<Told, Ask>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listening = new Map<number, (payload: string) => void>();
  #lastId = 0;
  #isLost = false;

  /**
   * Connects.
   *
   * @param address where it is served
   * @param shown what kind of database it is, and its name
   * @throws {Error} no process serves it there
   */
  static async connect(
    { port, token }: RemoteAddress,
    shown: Pick<Database, "kind" | "url">,
  ): Promise<RemoteDatabase> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const line = new Line<Told, Ask>(conn);
    await line.sendToken(token);
    const made = new RemoteDatabase(line, shown);
    await made.query("select 1");
    return made;
  }

  private constructor(line: Line<Told, Ask>, shown: Pick<Database, "kind" | "url">) {
    this.#line = line;
    this.kind = shown.kind;
    this.url = shown.url;
    this.lost = this.#hear();
  }

  async query<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return await this.#ask({ op: "query", text, params }) as R[];
  }

  async script(text: string): Promise<void> {
    await this.#ask({ op: "script", text });
  }

  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const of = this.#lastId + 1;
    await this.#ask({ op: "begin" });
    let result: T;
    try {
      result = await work({
        query: async <R = Row>(text: string, params: readonly unknown[] = []) =>
          await this.#ask({ op: "query", text, params, of }) as R[],
        script: async (text) => void await this.#ask({ op: "script", text, of }),
      });
    } catch (error) {
      await this.#ask({ op: "rollback", of }).catch(() => {});
      throw error;
    }
    await this.#ask({ op: "commit", of });
    return result;
  }

  async listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    const of = this.#lastId + 1;
    this.#listening.set(of, options.onNotify);
    await this.#ask({ op: "listen", text: channel });
    options.onListen?.();
    return async () => {
      this.#listening.delete(of);
      if (!this.#isLost) await this.#ask({ op: "unlisten", of });
    };
  }

  async close(): Promise<void> {
    this.#line.close();
    await this.lost;
  }

  async #ask(ask: Omit<Ask, "id">): Promise<Row[]> {
    const isPart = ask.of !== undefined;
    if (this.#isLost) throw isPart ? this.#gone() : this.#notBegun();
    const id = ++this.#lastId;
    const answer = { ...Promise.withResolvers<Row[]>(), isPart, isEmpty: ask.op === "begin" };
    this.#waiting.set(id, answer);
    this.#line.hold("needed");
    try {
      // A request that was sent in part only is not begun.
      this.#line.send({ ...ask, id }).catch((cause) =>
        answer.reject(isPart ? this.#gone(cause) : this.#notBegun())
      );
      return await answer.promise;
    } finally {
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#line.hold("idle");
    }
  }

  async #hear(): Promise<void> {
    let hasSaidSo = false;
    for await (const { id, rows, error, payload, isLeaving } of this.#line.messages()) {
      if (isLeaving && id === 0) hasSaidSo = true;
      else if (isLeaving) this.#waiting.get(id)?.reject(this.#notBegun());
      else if (payload !== undefined) this.#listening.get(id)?.(payload);
      else if (error === undefined) this.#waiting.get(id)?.resolve(rows ?? []);
      else this.#waiting.get(id)?.reject(errorOf(error));
    }
    this.#isLost = true;
    this.#line.close();
    for (const { reject, isPart, isEmpty } of this.#waiting.values()) {
      reject(isEmpty || hasSaidSo && !isPart ? this.#notBegun() : this.#gone());
    }
  }

  #notBegun(): NotBegunError {
    return new NotBegunError(this.url, { cause: new Error("the process that had it open has ended") });
  }

  #gone(cause: unknown = new Error("the process that had it open has ended")): DatabaseUnavailableError {
    return new DatabaseUnavailableError(this.url, { cause });
  }
}

function errorOf(told: ToldError): Error {
  if (told.kind === "engine") return engineError(told);
  return new RhythmError(told.message, { code: told.code });
}
