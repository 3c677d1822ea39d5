import type { ListenOptions, Unlisten } from "../database.ts";
import { Backoff } from "./backoff.ts";
import { type CancelTimer, systemClock } from "../../runtime/clock.ts";
import { closedError, type Driver, type MakeDriver } from "./driver.ts";

/**
 * Receives notifications on a separate connection, which is made again when it is lost. A connection whose other side is gone
 * is as silent as one without news, so the server is asked for an answer from time to time.
 */
export class Listener {
  readonly #make: MakeDriver;
  readonly #channels = new Map<string, Set<ListenOptions>>();
  readonly #backoff = new Backoff();
  readonly #silenceMs: number;
  #current: Connection | undefined;
  #cancelAsking: CancelTimer = () => {};
  #restoring = false;
  #isClosed = false;

  /**
   * Opens nothing yet.
   *
   * @param make makes the driver of a connection
   * @param silenceMs how often the server is asked for an answer, and how long it may take with that. Default: 10,000
   */
  constructor(make: MakeDriver, silenceMs = 10_000) {
    this.#make = make;
    this.#silenceMs = silenceMs;
  }

  /**
   * Listens to a channel.
   *
   * @param channel the channel
   * @param options what to call
   * @returns a function that stops listening
   * @throws the driver's error, when no connection can be made
   */
  async listen(channel: string, options: ListenOptions): Promise<Unlisten> {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners);
    listeners.add(options);
    try {
      // Also if another listens already, because that may not have begun yet.
      await this.#ask(`listen ${quoted(channel)}`);
    } catch (error) {
      this.#remove(channel, options);
      throw error;
    }
    options.onListen?.();
    return async () => {
      if (this.#remove(channel, options)) await this.#ask(`unlisten ${quoted(channel)}`).catch(() => {});
    };
  }

  /** Stops listening. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelAsking();
    this.#backoff.end();
    await this.#current?.driver.end(5);
  }

  async #ask(text: string): Promise<void> {
    if (this.#isClosed) throw closedError();
    const { driver, begun } = this.#current ??= this.#open();
    await begun;
    await driver.sql.unsafe(text);
  }

  #open(): Connection {
    const driver = this.#make({
      onNotify: (channel, payload) => {
        for (const { onNotify } of [...this.#channels.get(channel) ?? []]) onNotify(payload);
      },
      onClose: () => this.#lose(current),
    });
    const current: Connection = { driver, begun: driver.begin().then(() => this.#askSoon(current)) };
    current.begun.catch(() => this.#lose(current));
    return current;
  }

  #lose(lost: Connection): void {
    if (this.#current === lost) {
      this.#current = undefined;
      this.#cancelAsking();
    }
    void lost.driver.end(0);
    if (!this.#restoring && !this.#isClosed) void this.#restore();
  }

  #askSoon(current: Connection): void {
    if (this.#isClosed) return;
    this.#cancelAsking = systemClock.after(this.#silenceMs, async () => {
      const cancel = systemClock.after(this.#silenceMs, () => this.#lose(current));
      const isThere = await current.driver.sql.unsafe("select").then(() => true, () => false);
      cancel();
      if (isThere && this.#current === current) this.#askSoon(current);
    });
  }

  async #restore(): Promise<void> {
    this.#restoring = true;
    let isHeard = false;
    while (!isHeard && this.#channels.size > 0) {
      this.#backoff.failed();
      await this.#backoff.pause();
      if (this.#isClosed) return;
      isHeard = await this.#listenToAll().then(() => true, () => false);
    }
    this.#restoring = false;
    this.#backoff.succeeded();
    for (const listeners of this.#channels.values()) for (const { onListen } of listeners) onListen?.();
  }

  async #listenToAll(): Promise<void> {
    for (const channel of this.#channels.keys()) await this.#ask(`listen ${quoted(channel)}`);
  }

  /** Whether the channel has no listener any more. */
  #remove(channel: string, options: ListenOptions): boolean {
    const listeners = this.#channels.get(channel);
    if (!listeners?.delete(options) || listeners.size > 0) return false;
    return this.#channels.delete(channel);
  }
}

interface Connection {
  readonly driver: Driver;
  /** Ends when it can be used. */
  readonly begun: Promise<void>;
}

function quoted(channel: string): string {
  return `"${channel.replaceAll('"', '""')}"`;
}
