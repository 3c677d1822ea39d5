import type { Database, Row } from "../../src/db/database.ts";
import { toRhythmError } from "../../src/db/errors.ts";
import type { Engine } from "./engine.ts";
import type { World } from "./world.ts";

/** Who has the one session for a transaction. */
export interface Holder {
  /** Whether its connection was cut: the transaction is rolled back. */
  isCut: boolean;
  /** Whether a statement failed in it: only a rollback is possible. */
  hasFailed: boolean;
}

/**
 * The Postgres of this world: a real one, whose time and chance are ours. It has one session: while a
 * transaction is open, the calls of others wait.
 */
export class Server {
  /** Told of each notification that a commit sends. */
  onNotify: (channel: string, payload: string) => void = () => {};
  readonly #engine: Engine;
  readonly #world: World;
  readonly #seed: string;
  #state: "up" | "down" = "up";
  #holder: Holder | undefined;
  #waiting: (() => Promise<void>)[] = [];
  #lastUs = 0;
  #unlisten = (): void => {};

  /** @param engine the Postgres @param world its time @param seed what its chance follows from */
  constructor(engine: Engine, world: World, seed: string) {
    this.#engine = engine;
    this.#world = world;
    this.#seed = seed;
  }

  /** Begins to pass on notifications. */
  async open(channels: readonly string[]): Promise<void> {
    this.#unlisten = this.#engine.onNotification((channel, payload) => this.onNotify(channel, payload));
    await this.#exec(`${this.#settings()};set rhythm_clock.seed = '${this.#seed}'`);
    await this.#exec(channels.map((channel) => `listen "${channel}"`).join(";"));
  }

  /** Whether it takes connections. */
  get isUp(): boolean {
    return this.#state === "up";
  }

  /** Whether no transaction is open. */
  get isQuiet(): boolean {
    return this.#holder === undefined;
  }

  /** Runs a job as soon as no transaction of somebody else is open. */
  async turn(job: () => Promise<void>): Promise<void> {
    if (this.#holder === undefined) await job();
    else this.#waiting.push(job);
  }

  /** Runs a statement in a transaction of its own. */
  async run<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return await this.#query<R>(text, params, this.#settings());
  }

  /** Looks at the data without anybody noticing. */
  async peek<R = Row>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    if (this.#holder !== undefined) throw new Error("a transaction is open");
    return await this.#query<R>(text, params, this.#settings());
  }

  /** The database for who only looks, unnoticed: no network leads to it. */
  unseen(): Database {
    const refuse = (): never => {
      throw new Error("Who only looks writes nothing and waits for nothing");
    };
    return {
      ...{ kind: "server", url: "the simulated server", script: refuse, transaction: refuse, listen: refuse },
      query: (text, params) => this.peek(text, params),
      close: () => Promise.resolve(),
    };
  }

  /** Runs a script. */
  async script(text: string): Promise<void> {
    await this.#exec(text);
  }

  /** Begins a transaction; the session is free. */
  async begin(): Promise<Holder> {
    await this.#exec(`${this.#settings()};begin`);
    return this.#holder = { isCut: false, hasFailed: false };
  }

  /** Runs a statement of a transaction. */
  async runIn<R = Row>(holder: Holder, text: string, params: readonly unknown[]): Promise<R[]> {
    try {
      return await this.#query<R>(text, params, holder.hasFailed ? "" : this.#settings());
    } catch (error) {
      holder.hasFailed = true;
      throw error;
    }
  }

  /** Ends a transaction, and lets others have their turn. */
  async end(holder: Holder, how: "commit" | "rollback"): Promise<void> {
    if (this.#holder !== holder) return;
    holder.isCut ||= how === "rollback";
    this.#holder = undefined;
    await this.#exec(how);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const job of waiting) this.#world.after(0, () => this.turn(job));
  }

  /** Stops at once: what is open is rolled back. */
  async stop(): Promise<void> {
    this.#state = "down";
    if (this.#holder !== undefined) await this.end(this.#holder, "rollback");
  }

  /** Takes connections again. */
  start(): void {
    this.#state = "up";
  }

  /** Refuses to write, as a standby does, or writes again. */
  async setWriting(writing: "off" | "on"): Promise<void> {
    await this.turn(async () => {
      const readOnly = writing === "off" ? "on" : "off";
      await this.#exec(`set default_transaction_read_only = ${readOnly}`);
    });
  }

  /** Forgets what this world set. */
  async close(): Promise<void> {
    this.#unlisten();
    if (this.#holder !== undefined) await this.#exec("rollback");
    await this.#exec("unlisten *; set default_transaction_read_only = off; reset all");
  }

  // In one message: with parameters of their own, statements take half as long again.
  async #query<R>(text: string, params: readonly unknown[], settings: string): Promise<R[]> {
    // A script has functions with parameters of their own.
    const whole = params.length === 0
      ? text
      : text.replaceAll(/\$(\d+)/g, (_, nth) => literal(params[Number(nth) - 1]));
    try {
      return (await this.#exec(`${settings};${whole}`)).at(-1)!.rows as R[];
    } catch (error) {
      throw toRhythmError(error, "the simulated server");
    }
  }

  #exec(text: string): ReturnType<Engine["exec"]> {
    return this.#world.outside(() => this.#engine.exec(text));
  }

  // Each statement has a time of its own, so that what is made one after another has ids in that order.
  #settings(): string {
    return `set rhythm_clock.at = '${this.#moment()}'`;
  }

  #moment(): string {
    this.#lastUs = Math.max(this.#lastUs + 1, Math.floor(this.#world.now * 1_000));
    const moment = new Date(Math.floor(this.#lastUs / 1_000)).toISOString().slice(0, -1);
    return `${moment}${String(this.#lastUs % 1_000).padStart(3, "0")}Z`;
  }
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  throw new Error(`${typeof value} is no parameter that this server knows`);
}
