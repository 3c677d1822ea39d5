import { cancelExecution, readExecutions, sendSignal, type Started } from "../db/calls/executions.ts";
import { type JsonValue, toJson } from "../shared/json.ts";
import {
  ANY_STORED_TEXT,
  type AskOptions,
  checkArgument,
  type Execution,
  type ExecutionRef,
  NAME,
  type Run,
  type Transaction,
  type WaitOptions,
  type WatchOptions,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";
import { ExecutionNotFoundError, ExecutionStateError } from "../db/engine_errors.ts";
import { ExecutionCancelledError, ExecutionFailedError } from "./errors.ts";
import { answerOf } from "./asks.ts";
import { idOf } from "./request.ts";

/** An execution that was started. */
export class ExecutionRun<Output> implements Run<Output> {
  readonly id: string;
  readonly created: boolean;
  readonly #core: ClientCore;

  /** @param core what calls @param started the execution */
  constructor(core: ClientCore, started: Started) {
    this.#core = core;
    this.id = started.id;
    this.created = started.created;
  }

  async result(options?: WaitOptions): Promise<Output> {
    return outputOf(await this.#core.wait(this.id, options, "run.result()")) as Output;
  }

  async get(): Promise<Execution> {
    const found = await readOne(this.#core, this.id);
    if (found === null) throw ExecutionNotFoundError.of(this.id);
    return found;
  }

  watch(options?: WatchOptions): AsyncIterable<Execution> {
    return this.#core.watch(this.id, options, "run.watch()");
  }

  async cancel(reason?: string): Promise<boolean> {
    return await cancel(this.#core, this.id, { reason, where: "run.cancel()" });
  }

  async signal(name: string, payload?: unknown): Promise<void> {
    await send(this.#core, { execution: this.id, name, payload }, { where: "run.signal()" });
  }

  async ask<Answer = JsonValue>(name: string, payload?: unknown, options: AskOptions = {}): Promise<Answer> {
    const question = { execution: this.id, name, payload };
    return answerOf(await this.#core.asks.ask(question, options, "run.ask()")) as Answer;
  }

  toString(): string {
    return this.id;
  }

  toJSON(): string {
    return this.id;
  }
}

/** The output of an execution that is over. */
export function outputOf(execution: Execution): unknown {
  if (execution.status === "failed") throw new ExecutionFailedError(execution);
  if (execution.status === "cancelled") throw new ExecutionCancelledError(execution);
  if (execution.status === "frozen") {
    const message = `Execution ${execution.id} is a frozen copy, which nothing runs`;
    throw new ExecutionStateError({ code: "RH003", message });
  }
  return execution.output;
}

/** Reads one execution. */
export async function readOne(core: ClientCore, ref: ExecutionRef): Promise<Execution | null> {
  const id = idOf(ref);
  const [found] = await core.retried(() => readExecutions(core.engine, [id]));
  return found ?? null;
}

/** Cancels one execution. */
export async function cancel(
  core: ClientCore,
  ref: ExecutionRef,
  how: { reason: string | undefined; where: string; sql?: Transaction | undefined },
): Promise<boolean> {
  const { reason, where, sql } = how;
  const id = idOf(ref);
  if (reason !== undefined) checkArgument(reason, { argument: "reason", type: ANY_STORED_TEXT, where });
  return await core.retried(() => cancelExecution(core.within(sql), id, reason ?? null));
}

/** Sends a signal. */
export async function send(
  core: ClientCore,
  signal: { execution: ExecutionRef; name: string; payload?: unknown },
  how: { where: string; idempotencyKey?: string | undefined; sql?: Transaction | undefined },
): Promise<void> {
  const { where, idempotencyKey = null, sql } = how;
  const id = idOf(signal.execution);
  checkArgument(signal.name, { argument: "name", type: NAME, where });
  const payload = toJson(signal.payload, { what: `payload of signal "${signal.name}"` });
  const sent = { id, name: signal.name, payload, idempotencyKey };
  await core.retried(() => sendSignal(core.within(sql), sent));
}
