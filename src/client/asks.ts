import { type AskRow, askWorkflow, readAsks } from "../db/calls/asks.ts";
import type { EngineRef } from "../db/calls/engine_ref.ts";
import {
  ABORT_SIGNAL,
  ANYTHING,
  type Ask,
  type AskOptions,
  checkArgument,
  checkShape,
  DURATION,
  type ExecutionRef,
  KEY,
  NAME,
  type Shape,
} from "../define/mod.ts";
import { toJson } from "../shared/json.ts";
import type { Clock } from "../runtime/clock.ts";
import { isPassing } from "../db/error_kind.ts";
import { AskNotFoundError, AskRejectedError, AskTimeoutError, AskUnansweredError } from "./errors.ts";
import { idOf } from "./request.ts";
import { Waiters } from "./waiters.ts";

/** What asking needs. */
export interface AskSource {
  /** Where the engine lives. */
  readonly engine: EngineRef;
  /** Measures the time. */
  readonly clock: Clock;
  /** Makes sure that the ends of these executions are heard, and what they answer. */
  readonly hear: (executions: readonly string[]) => Promise<void>;
  /** Makes a call, and again if what went wrong passes. */
  readonly retried: <T>(call: () => Promise<T>) => Promise<T>;
  /** Makes an id. */
  readonly newId: () => string;
}

const OPTIONS: Shape = { timeout: DURATION, signal: ABORT_SIGNAL, idempotencyKey: KEY };

type Ended = Ask & { readonly completedAt: Date | null };

/** Asks workflows, and waits for their answers. */
export class Asks {
  readonly #source: AskSource;
  readonly #waiters: Waiters<Ended>;
  /** The questions that are waited for: the workflow of each. */
  readonly #executions: Map<string, string>;

  /**
   * @param source what asking needs
   * @param shared those whose waiting these share
   */
  constructor(source: AskSource, shared?: Asks) {
    this.#source = source;
    this.#executions = shared === undefined ? new Map() : shared.#executions;
    this.#waiters = shared === undefined ? this.#newWaiters(source) : shared.#waiters;
  }

  /** Hears of a workflow that it has answered something, or is over. */
  notify(execution: string): void {
    for (const [id, of] of this.#executions) if (of === execution) this.#waiters.notify(id);
  }

  /** Ends all waiting. */
  close(): void {
    this.#waiters.close();
  }

  /** Asks, and waits until it is answered, rejected or unanswered. `where` is what was called, for the sentences. */
  async ask(
    question: { execution: ExecutionRef; name: string; payload?: unknown },
    options: AskOptions,
    where: string,
  ): Promise<Ask> {
    const { execution, name } = question;
    const executionId = idOf(execution);
    checkArgument(name, { argument: "name", type: NAME, where });
    checkAskOptions(options, where);
    const payload = toJson(question.payload, { what: `payload of question "${name}"` });
    // A call that is made again because the connection was lost must not ask twice.
    const { idempotencyKey = `ask ${this.#source.newId()}`, ...wait } = options;
    const { engine, retried } = this.#source;
    const id = await retried(() => askWorkflow(engine, { id: executionId, name, payload, idempotencyKey }));
    this.#executions.set(id, executionId);
    try {
      return withoutEnd(await this.#waiters.wait(id, wait));
    } finally {
      // Somebody else may wait for the same one.
      if (!this.#waiters.has(id)) this.#executions.delete(id);
    }
  }

  /** Reads a question; null: there is none. */
  async get(id: string): Promise<Ask | null> {
    const { engine, retried } = this.#source;
    const [row] = await retried(() => readAsks(engine, [id]));
    return row === undefined ? null : withoutEnd(toEnded(row));
  }

  #newWaiters(source: AskSource): Waiters<Ended> {
    return new Waiters<Ended>({
      clock: source.clock,
      read: async (ids) => (await readAsks(source.engine, ids)).map(toEnded),
      watch: (ids) => source.hear([...new Set(ids.map((id) => this.#executions.get(id)!))]),
      isTransient: isPassing,
      missing: (id) => new AskNotFoundError(id),
      late: (id, seconds) => new AskTimeoutError(id, seconds),
    });
  }
}

/** The answer, or what a question without one throws. */
export function answerOf(asked: Ask): unknown {
  if (asked.status === "rejected") throw new AskRejectedError(asked);
  if (asked.status === "unanswered") throw new AskUnansweredError(asked);
  return asked.answer;
}

function toEnded(row: AskRow): Ended {
  return { ...row, completedAt: row.status === "open" ? null : row.answeredAt ?? row.askedAt };
}

function withoutEnd({ completedAt: _, ...asked }: Ended): Ask {
  return asked;
}

/** Checks how it is asked. */
export function checkAskOptions(options: AskOptions, where: string): void {
  checkShape(options, OPTIONS, { where });
}

/** Checks what is asked, where it comes from outside. */
export function checkQuestion(question: object, where: string): void {
  const shape = { execution: ANYTHING, name: ANYTHING, payload: ANYTHING };
  checkShape(question, shape, { where, argument: "question" });
}
