import { answerAsk } from "../db/calls/asks.ts";
import {
  ANY_STORED_TEXT,
  ANYTHING,
  type Ask,
  type AskOptions,
  checkArgument,
  checkShape,
  DURATION_ABOVE_ZERO,
  type ExecutionRef,
  InvalidOptionError,
  KEY,
  NAME,
  OBJECT,
  type OwnType,
  type Shape,
  type SignalUrlOptions,
  TRANSACTION,
  type Transaction,
} from "../define/mod.ts";
import { signalToken } from "../db/calls/addresses.ts";
import { durationMs } from "../shared/duration.ts";
import { type JsonValue, toJson } from "../shared/json.ts";
import { answerOf, checkAskOptions, checkQuestion } from "./asks.ts";
import type { ClientCore } from "./core.ts";
import { idOf } from "./request.ts";
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

const AT: OwnType = {
  kind: "own",
  wanted: "an address such as https://rhythm.example.com",
  fits: (value) => {
    const url = typeof value === "string" ? URL.parse(value) : null;
    return url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "" &&
      url.username === "" &&
      url.password === "";
  },
};

const USES: OwnType = {
  kind: "own",
  wanted: "a whole number from 1 to 1000000, or null",
  fits: (value) =>
    value === null || (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1_000_000),
};

const URL_OPTIONS: Shape = { at: AT, expires: DURATION_ABOVE_ZERO, uses: USES, form: OBJECT };

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
   * Makes an address that sends a signal to a workflow. Anyone who has it needs nothing else: mail it to one who is to decide. A browser that
   * opens it gets a small page, and only sending that page sends the signal. A program sends `{"payload": …}` with POST.
   *
   * @param wait which signal, and whose
   * @param options where Rhythm is reached, how long and how often it can be used, and what it asks for
   * @returns the address. It is not stored, and is a secret
   * @throws {ExecutionStateError} the workflow is over
   *
   * @example Approval by mail
   * ```ts
   * import { Rhythm } from "@rhythm/core";
   *
   * async function main(execution: string): Promise<void> {
   *   await using rhythm = await Rhythm.init();
   *   const link = await rhythm.signals.url({ execution, name: "approval" }, {
   *     at: "https://rhythm.example.com",
   *     expires: "3d",
   *     form: { type: "object", properties: { approved: { type: "boolean" } }, required: ["approved"] },
   *   });
   *   console.log(`Please decide: ${link}`);
   * }
   * ```
   */
  async url(wait: { execution: ExecutionRef; name: string }, options: SignalUrlOptions): Promise<string> {
    const where = "signals.url()";
    checkShape(wait, { execution: ANYTHING, name: ANYTHING }, { where, argument: "wait" });
    const id = idOf(wait.execution);
    checkArgument(wait.name, { argument: "name", type: NAME, where });
    checkShape(options, URL_OPTIONS, { where });
    const { at, expires = "7d", uses = 1, form } = options;
    if (at === undefined) {
      throw new InvalidOptionError(
        "at",
        `${where}: "at" is missing: expected ${AT.wanted}, where Rhythm is reached`,
      );
    }
    const asked = {
      id,
      name: wait.name,
      expiresMs: durationMs(expires),
      uses,
      form: form === undefined ? null : toJson(form, { what: "form of an address" }),
    };
    const token = await this.#core.retried(() => signalToken(this.#core.engine, asked));
    return `${at.replace(/\/+$/, "")}/signals/${token}`;
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
