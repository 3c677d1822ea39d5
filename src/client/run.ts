import { cancelExecution, readExecutions, sendSignal } from "../db/calls/executions.ts";
import { toJson } from "../shared/json.ts";
import type { Execution, ExecutionRef, Run, WaitOptions, WatchOptions } from "../define/mod.ts";
import type { ClientCore } from "./core.ts";
import { ExecutionNotFoundError } from "../db/engine_errors.ts";
import { ExecutionCancelledError, ExecutionFailedError } from "./errors.ts";
import { idOf } from "./request.ts";

/** An execution that was started. */
export class ExecutionRun<Output> implements Run<Output> {
  readonly id: string;
  readonly #core: ClientCore;

  /** @param core what calls @param id the execution */
  constructor(core: ClientCore, id: string) {
    this.#core = core;
    this.id = id;
  }

  async result(options?: WaitOptions): Promise<Output> {
    return outputOf(await this.#core.wait(this.id, options)) as Output;
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
    return await cancel(this.#core, this.id, reason);
  }

  async signal(name: string, payload?: unknown): Promise<void> {
    await send(this.#core, this.id, name, payload);
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
  return execution.output;
}

/** Reads one execution. */
export async function readOne(core: ClientCore, ref: ExecutionRef): Promise<Execution | null> {
  const [found] = await core.retried(() => readExecutions(core.engine, [idOf(ref)]));
  return found ?? null;
}

/** Cancels one execution. */
export async function cancel(core: ClientCore, ref: ExecutionRef, reason?: string): Promise<boolean> {
  return await core.retried(() => cancelExecution(core.engine, idOf(ref), reason ?? null));
}

/** Sends a signal. */
export async function send(
  core: ClientCore,
  ref: ExecutionRef,
  name: string,
  payload: unknown,
): Promise<void> {
  const text = toJson(payload, { what: `payload of signal "${name}"` });
  await core.retried(() =>
    sendSignal(core.engine, { id: idOf(ref), name, payload: text, idempotencyKey: null })
  );
}
