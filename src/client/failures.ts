import { listFailures, listHooks, removeHook, setFailure, setHook } from "../db/calls/failures.ts";
import {
  ANY_STORED_TEXT,
  ANYTHING,
  type ArgumentType,
  checkArgument,
  checkShape,
  COUNT,
  EXECUTION,
  EXECUTION_TYPE,
  type FailureFilter,
  type FailureHook,
  type FailureHookOptions,
  type FailureKind,
  type FailureState,
  FINGERPRINT,
  InvalidOptionError,
  NAME,
  OBJECT,
  type OwnType,
  type Shape,
  STORED_TEXT,
  VARIABLES,
} from "../define/mod.ts";
import { toJson } from "../shared/json.ts";
import { LIST_LIMIT } from "../shared/limits.ts";
import type { ClientCore } from "./core.ts";
import { idOf } from "./request.ts";

const STATE: ArgumentType = { kind: "choice", values: ["new", "known", "resolved", "ignored"] };
const FILTER: Shape = {
  state: ANYTHING,
  target: NAME,
  limit: { kind: "number", from: 1, to: 1_000, whole: true },
};
const ADDRESS: OwnType = {
  kind: "own",
  wanted: "an address such as https://example.org/alerts",
  fits: (value) =>
    STORED_TEXT.fits(value) && /^https?:\/\/\S+$/.test(value as string) && URL.canParse(value as string),
};
const HOOK: Shape = {
  target: NAME,
  type: EXECUTION_TYPE,
  url: ADDRESS,
  secret: STORED_TEXT,
  event: { kind: "choice", values: ["new", "failed"] },
  filter: OBJECT,
  queue: NAME,
  by: ANY_STORED_TEXT,
};
const HOOK_FILTER: Shape = {
  type: EXECUTION_TYPE,
  target: NAME,
  version: COUNT,
  queue: NAME,
  parent: EXECUTION,
  fingerprint: FINGERPRINT,
  line: COUNT,
  variables: VARIABLES,
  metadata: OBJECT,
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

  /**
   * Creates or replaces a hook: a task or flow to start, or an HTTP address to call, when executions fail. What a hook starts calls
   * no hook when it fails itself.
   *
   * @param name the name of the hook
   * @param hook what to start, when, and for which executions
   */
  async setHook(name: string, hook: FailureHookOptions): Promise<void> {
    const where = "failures.setHook()";
    checkArgument(name, { argument: "name", type: NAME, where });
    checkShape(hook, HOOK, { where, argument: "hook" });
    const { target = null, type = "task", url = null, secret = null, event = "new", filter = {} } = hook;
    if ((target === null) === (url === null)) {
      throw new InvalidOptionError("target", `${where}: a hook needs either "target" or "url"`);
    }
    checkShape(filter, HOOK_FILTER, { where, argument: "filter" });
    const { parent, ...same } = filter;
    const stored = toJson({ ...same, ...(parent === undefined ? {} : { parent: idOf(parent) }) }, {
      what: "filter",
    });
    const { queue = null, by = null } = hook;
    const given = { name, target, type, url, secret, event, filter: stored, queue, by };
    await this.#core.retried(() => setHook(this.#core.engine, given));
  }

  /** Removes a hook. False: there is none of this name. */
  async removeHook(name: string): Promise<boolean> {
    checkArgument(name, { argument: "name", type: NAME, where: "failures.removeHook()" });
    return await this.#core.retried(() => removeHook(this.#core.engine, name));
  }

  /** All hooks. */
  async hooks(): Promise<readonly FailureHook[]> {
    return await this.#core.retried(() => listHooks(this.#core.engine));
  }
}
