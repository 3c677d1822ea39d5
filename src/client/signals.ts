import { sendSignal } from "../db/calls/executions.ts";
import { toJson } from "../shared/json.ts";
import { type ExecutionRef, refuseUnknown, type SqlRunner } from "../define/mod.ts";
import type { ClientCore } from "./core.ts";
import { idOf } from "./request.ts";

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
    refuseUnknown(signal, ["execution", "name", "payload"], "signals.send()");
    refuseUnknown(options, ["idempotencyKey", "sql"], "signals.send()");
    const payload = toJson(signal.payload, { what: `payload of signal "${signal.name}"` });
    const sent = {
      id: idOf(signal.execution),
      name: signal.name,
      payload,
      idempotencyKey: options.idempotencyKey ?? null,
    };
    await this.#core.retried(() => sendSignal(this.#core.within(options.sql), sent));
  }
}
