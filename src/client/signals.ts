import { answerAsk } from "../db/calls/asks.ts";
import {
  ANY_STORED_TEXT,
  ANYTHING,
  type Ask,
  type AskOptions,
  checkArgument,
  checkShape,
  type ExecutionRef,
  KEY,
  type OwnType,
  TRANSACTION,
  type Transaction,
} from "../define/mod.ts";
import { type JsonValue, toJson } from "../shared/json.ts";
import { answerOf, checkAskOptions, checkQuestion } from "./asks.ts";
import type { ClientCore } from "./core.ts";
import { send } from "./run.ts";

/** How a signal is sent. */
export interface SignalOptions {
  /** A second signal under the same key is the first one. */
  idempotencyKey?: string;
  /** The caller's own transaction, to join it. */
  sql?: Transaction;
}

const ASK_ID: OwnType = {
  kind: "own",
  wanted: "the number of a question, as text",
  fits: (value) => typeof value === "string" && /^\d{1,18}$/.test(value),
};

/** Asks, and gives the question itself. `where` is what was called, for the sentences. */
export let askFor: (
  signals: Signals,
  question: { execution: ExecutionRef; name: string; payload?: unknown },
  options: AskOptions & { where: string },
) => Promise<Ask>;

/** Signals: messages to workflows, kept in order until they are taken. */
export class Signals {
  readonly #core: ClientCore;

  static {
    askFor = (signals, question, { where, ...options }) => {
      return signals.#core.asks.ask(question, options, where);
    };
  }

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

  /**
   * Sends a signal that the workflow answers, and waits for the answer.
   *
   * @param question whom, under which name, with what
   * @param options a key under which the same question has the same answer, and how long to wait
   * @returns what the workflow replied
   * @throws {AskRejectedError} the workflow rejected it
   * @throws {AskUnansweredError} the workflow has ended without an answer
   * @throws {AskTimeoutError} the time has passed; the question stays
   */
  async ask<Answer = JsonValue>(
    question: { execution: ExecutionRef; name: string; payload?: unknown },
    options: AskOptions = {},
  ): Promise<Answer> {
    const where = "signals.ask()";
    checkQuestion(question, where);
    checkAskOptions(options, where);
    return answerOf(await this.#core.asks.ask(question, options, where)) as Answer;
  }

  /**
   * Reads a question, answered or not.
   *
   * @param id its number: `askId` of an `AskTimeoutError`, or what `ask()` of SQL returned
   * @returns the question; null: there is none
   */
  async getAsk(id: string): Promise<Ask | null> {
    checkArgument(id, { argument: "id", type: ASK_ID, where: "signals.getAsk()" });
    return await this.#core.asks.get(id);
  }

  /**
   * Answers a question in place of its workflow, for a person who knows the answer. The workflow goes on, and an answer of its own is
   * ignored. Needs the role `rhythm_operator`.
   *
   * @param id its number
   * @param answer the answer, JSON
   * @returns false if it was answered already
   * @throws {UnknownNameError} there is no such question
   * @throws {ExecutionStateError} its workflow has ended
   */
  async answer(id: string, answer: unknown): Promise<boolean> {
    const where = "signals.answer()";
    checkArgument(id, { argument: "id", type: ASK_ID, where });
    const text = toJson(answer, { what: `the answer to question ${id}` });
    return await this.#core.retried(() => answerAsk(this.#core.engine, id, { answer: text, error: null }));
  }

  /**
   * Rejects a question in place of its workflow: those who asked get an `AskRejectedError`. Needs the role `rhythm_operator`.
   *
   * @param id its number
   * @param message why
   * @returns false if it was answered already
   * @throws {UnknownNameError} there is no such question
   * @throws {ExecutionStateError} its workflow has ended
   */
  async reject(id: string, message: string): Promise<boolean> {
    const where = "signals.reject()";
    checkArgument(id, { argument: "id", type: ASK_ID, where });
    checkArgument(message, { argument: "message", type: ANY_STORED_TEXT, where });
    return await this.#core.retried(() =>
      answerAsk(this.#core.engine, id, { answer: "null", error: message })
    );
  }
}
