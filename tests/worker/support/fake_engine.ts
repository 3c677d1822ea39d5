import type { TickPart } from "../../../src/db/calls/worker.ts";
import { RhythmError } from "../../../src/shared/error.ts";
import type {
  Answer,
  Beat,
  Call,
  Claimed,
  Engine,
  EngineEars,
  Ticked,
} from "../../../src/worker/engine/engine.ts";

/** Thrown by a fake engine whose database is away. */
export class Away extends RhythmError {
  /** Nothing came of the call, or its answer was lost. */
  constructor() {
    super("the database is away", { code: "AWAY" });
  }
}

/** Thrown by a fake engine for which a call was too large. */
export class TooSlow extends RhythmError {
  /** Nothing came of the call. */
  constructor() {
    super("canceling statement due to statement timeout", { code: "57014" });
  }
}

/** Thrown by a fake engine with which waiting does not help. */
export class Hopeless extends RhythmError {
  /** Nothing came of the call, and nothing will. */
  constructor() {
    super("this role may not call exchange()", { code: "HOPELESS" });
  }
}

/** Thrown by a fake engine that does not know the worker. */
export class GivenUp extends RhythmError {
  /** The worker is to register again. */
  constructor() {
    super("the worker was given up", { code: "GIVEN_UP" });
  }
}

/** An engine without a database: a test says what it answers. */
export class FakeEngine implements Engine {
  /** The calls of `exchange()`. */
  readonly calls: Call[] = [];
  /** What the worker said it holds, beat by beat. */
  readonly holds: ReadonlyMap<string, number>[] = [];
  /** How often the worker registered. */
  registered = 0;
  /** Answers a call; may throw. */
  onExchange: (call: Call) => Partial<Answer> | Promise<Partial<Answer>> = () => ({});
  /** Answers a beat; may throw. */
  onBeat: () => Partial<Beat> | Promise<Partial<Beat>> = () => ({});
  /** Calls the worker when there may be work. */
  onWork: () => void = () => {};

  register(): Promise<void> {
    this.registered++;
    return Promise.resolve();
  }

  listen(ears: EngineEars): Promise<() => Promise<void>> {
    this.onWork = ears.onWork;
    return Promise.resolve(() => Promise.resolve());
  }

  async exchange(call: Call): Promise<Answer> {
    this.calls.push(call);
    const answer = await this.onExchange(call);
    const claimed = answer.claimed ?? [];
    return {
      now: Date.now(),
      refused: [],
      declined: new Set(),
      early: new Map(),
      found: claimed.length,
      ...answer,
      claimed,
    };
  }

  settleInTransaction(): Promise<void> {
    return Promise.reject(new Error("a fake engine has no transactions"));
  }

  async beat(holds: ReadonlyMap<string, number>): Promise<Beat> {
    this.holds.push(holds);
    return { alive: true, turnMs: 1_000, cancelled: [], lost: [], ...await this.onBeat() };
  }

  unserved(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  tick(_part: TickPart): Promise<Ticked> {
    return Promise.resolve({ ms: null, wrote: false });
  }

  report(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  checkpoint(): Promise<boolean> {
    return Promise.resolve(true);
  }

  program(): Promise<null> {
    return Promise.resolve(null);
  }

  applyChange(): Promise<null> {
    return Promise.resolve(null);
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  isTransient(error: unknown): boolean {
    return error instanceof Away || error instanceof TooSlow;
  }

  isHopeless(error: unknown): boolean {
    return error instanceof Hopeless;
  }

  isTooSlow(error: unknown): boolean {
    return error instanceof TooSlow;
  }

  isGivenUp(error: unknown): boolean {
    return error instanceof GivenUp;
  }
}

/** A task that a call leased. */
export function leased(id: string, call: Pick<Call, "number" | "askedAt">, target = "noop"): Claimed {
  return {
    id,
    call: call.number,
    askedAt: call.askedAt,
    kind: "task",
    target,
    queue: "default",
    attempt: 1,
    maxAttempts: 3,
    failures: 0,
    inputs: null,
    metadata: {},
    traceparent: null,
    parentId: null,
    timeoutMs: null,
    flow: null,
  };
}
