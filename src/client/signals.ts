import { ANYTHING, checkShape, type ExecutionRef, KEY, type SqlRunner, TRANSACTION } from "../define/mod.ts";
import type { ClientCore } from "./core.ts";
import { send } from "./run.ts";

/** How a signal is sent. */
export interface SignalOptions {
  /** A second signal under the same key is the first one. */
  idempotencyKey?: string;
  /** The caller's own transaction, to join it. */
  sql?: SqlRunner;
}

/** Signals: messages to workflows, kept in order until they are taken. */
export class Signals {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /**
   * Sends a signal.
   *
   * @param signal whom, under which name, with what
   * @param options its idempotency key, and the caller's transaction
   */
  async send(
    signal: { execution: ExecutionRef; name: string; payload?: unknown },
    options: SignalOptions = {},
  ): Promise<void> {
    const where = "signals.send()";
    // Whose and which it is, is checked where a run sends one, too.
    const shape = { execution: ANYTHING, name: ANYTHING, payload: ANYTHING };
    checkShape(signal, shape, { where, argument: "signal" });
    checkShape(options, { idempotencyKey: KEY, sql: TRANSACTION }, { where });
    await send(this.#core, signal, { where, ...options });
  }
}
