import type postgres from "postgres";
import type { ListenOptions, Unlisten } from "../database.ts";
import { Backoff } from "./backoff.ts";
import type { MakeDriver } from "./driver.ts";
import { closedError } from "./lanes.ts";

/** Hears notifications on one connection of its own, which is made again when it is lost. */
export class Listener {
  readonly #make: MakeDriver;
  readonly #channels = new Map<string, Set<ListenOptions>>();
  readonly #backoff = new Backoff();
  #sql: postgres.Sql | undefined;
  #restoring = false;
  #isClosed = false;

  /**
   * Opens nothing yet.
   *
   * @param make makes the driver of a connection
   */
  constructor(make: MakeDriver) {
    this.#make = make;
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
      // Also where somebody listens already: that may be under way still.
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
    this.#backoff.end();
    await this.#sql?.end({ timeout: 5 });
  }

  async #ask(text: string): Promise<void> {
    if (this.#isClosed) throw closedError();
    this.#sql ??= this.#open();
    await this.#sql.unsafe(text);
  }

  #open(): postgres.Sql {
    const sql = this.#make({
      onNotify: (channel, payload) => {
        for (const { onNotify } of [...this.#channels.get(channel) ?? []]) onNotify(payload);
      },
      onClose: () => {
        if (this.#sql === sql) this.#sql = undefined;
        void sql.end({ timeout: 0 });
        if (!this.#restoring && !this.#isClosed) void this.#restore();
      },
    });
    return sql;
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

  /** Whether nobody listens to the channel any more. */
  #remove(channel: string, options: ListenOptions): boolean {
    const listeners = this.#channels.get(channel);
    if (!listeners?.delete(options) || listeners.size > 0) return false;
    return this.#channels.delete(channel);
  }
}

function quoted(channel: string): string {
  return `"${channel.replaceAll('"', '""')}"`;
}
