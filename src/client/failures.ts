import { listFailures, setFailure } from "../db/calls/failures.ts";
import {
  ANY_STORED_TEXT,
  ANYTHING,
  type ArgumentType,
  checkArgument,
  checkShape,
  type FailureFilter,
  type FailureKind,
  type FailureState,
  FINGERPRINT,
  NAME,
  type Shape,
} from "../define/mod.ts";
import { LIST_LIMIT } from "../shared/limits.ts";
import type { ClientCore } from "./core.ts";

const STATE: ArgumentType = { kind: "choice", values: ["new", "known", "resolved", "ignored"] };
const FILTER: Shape = {
  state: ANYTHING,
  target: NAME,
  limit: { kind: "number", from: 1, to: 1_000, whole: true },
};
const WORDS: Shape = { note: ANY_STORED_TEXT, by: ANY_STORED_TEXT };

/** Failures by their kind: how often each came, and what people know of it. */
export class Failures {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /** Kinds of failures, those that came last first. They are counted once a second. */
  async list(filter: FailureFilter = {}): Promise<readonly FailureKind[]> {
    const where = "failures.list()";
    checkShape(filter, FILTER, { where });
    const { state, target, limit = LIST_LIMIT } = filter;
    const states = state === undefined ? undefined : Array.isArray(state) ? state : [state];
    for (const one of states ?? []) checkArgument(one, { argument: "state", type: STATE, where });
    return await this.#core.retried(() =>
      listFailures(this.#core.engine, {
        limit,
        ...(states === undefined ? {} : { states }),
        ...(target === undefined ? {} : { target }),
      })
    );
  }

  /** One kind of failures; nothing if none has this fingerprint. */
  async get(fingerprint: string): Promise<FailureKind | null> {
    checkArgument(fingerprint, { argument: "fingerprint", type: FINGERPRINT, where: "failures.get()" });
    const found = await this.#core.retried(() => listFailures(this.#core.engine, { fingerprint, limit: 1 }));
    return found[0] ?? null;
  }

  /**
   * Says what is known of a kind of failures.
   *
   * @param fingerprint the kind
   * @param state `resolved` is `new` again when such a failure comes again
   * @param words a note that is kept, and who says it
   * @returns false if it had this state
   * @throws {UnknownNameError} no failure has this fingerprint
   */
  async set(
    fingerprint: string,
    state: FailureState,
    words: { note?: string; by?: string } = {},
  ): Promise<boolean> {
    const where = "failures.set()";
    checkArgument(fingerprint, { argument: "fingerprint", type: FINGERPRINT, where });
    checkArgument(state, { argument: "state", type: STATE, where });
    checkShape(words, WORDS, { where, argument: "words" });
    const { note = null, by = null } = words;
    return await this.#core.retried(() => setFailure(this.#core.engine, { fingerprint, state, note, by }));
  }
}
