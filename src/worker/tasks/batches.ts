import {
  type BatchDefinition,
  checkResults,
  itemOf,
  parseInput,
  type TaskDefinition,
} from "../../define/mod.ts";
import type { CancelTimer, Clock } from "../../runtime/clock.ts";
import type { Claimed } from "../engine/engine.ts";
import { STALE } from "../engine/outcome.ts";
import { armTimeout, endOf, outputText, type TaskEnd, type TaskLimits } from "./run_task.ts";
import type { TaskRun } from "./task_run.ts";

/** What gathering needs. */
export interface BatchesParts {
  /** Measures the time. */
  readonly clock: Clock;
  /** No execution is held for longer before it begins, in milliseconds. */
  readonly longestWaitMs: number;
  /** Whether a lease still holds, as far as this worker knows. */
  readonly isFresh: (claimed: Claimed) => boolean;
  /** Hears how long the handler blocked the event loop, in milliseconds. */
  readonly onBlocked: (claimed: Claimed, ms: number) => void;
  /** Hears how many executions a call got. */
  readonly onCall: (target: string, size: number) => void;
}

/** One execution of a batch. */
interface Member {
  readonly claimed: Claimed;
  readonly run: TaskRun;
  readonly input: unknown;
  readonly limits: TaskLimits;
  readonly resolve: (end: TaskEnd) => void;
  isOver: boolean;
}

interface Gathering {
  readonly definition: TaskDefinition;
  readonly members: Set<Member>;
  cancelTimer: CancelTimer;
}

/**
 * Gathers executions of tasks that handle batches. A call of the handler begins when there are enough, or when the first has waited
 * long enough.
 *
 * Each execution ends by itself: by its result, its timeout or its cancellation. A call that throws fails all that have not ended.
 */
export class Batches {
  readonly #parts: BatchesParts;
  readonly #gathering = new Map<string, Gathering>();
  #isDrained = false;

  /** @param parts what it needs */
  constructor(parts: BatchesParts) {
    this.#parts = parts;
  }

  /** Runs an execution together with others; never rejects. */
  async run(
    definition: TaskDefinition,
    claimed: Claimed,
    run: TaskRun,
    limits: TaskLimits,
  ): Promise<TaskEnd> {
    let input: unknown;
    try {
      input = await parseInput(definition, claimed.inputs);
    } catch (error) {
      return endOf(error, run);
    }
    const { promise, resolve } = Promise.withResolvers<TaskEnd>();
    const member: Member = { claimed, run, input, limits, resolve, isOver: false };
    if (this.#isDrained) run.stop("shutdown", NOT_BEGUN);
    run.onStop((error) => this.#end(member, endOf(error, run)));
    if (!member.isOver) this.#gather(definition, member);
    return await promise;
  }

  /** Hands back what has not begun. */
  drain(): void {
    this.#isDrained = true;
    for (const { members } of this.#gathering.values()) {
      for (const { run } of members) run.stop("shutdown", NOT_BEGUN);
    }
  }

  #gather(definition: TaskDefinition, member: Member): void {
    const { name } = definition;
    const { size, waitMs } = definition.batch!;
    let gathering = this.#gathering.get(name);
    if (gathering === undefined) {
      const ms = Math.min(waitMs, this.#parts.longestWaitMs);
      const made: Gathering = {
        definition,
        members: new Set(),
        cancelTimer: this.#parts.clock.after(ms, () => this.#begin(made)),
      };
      this.#gathering.set(name, gathering = made);
    }
    gathering.members.add(member);
    if (gathering.members.size >= size) this.#begin(gathering);
  }

  #begin(gathering: Gathering): void {
    const { definition, cancelTimer } = gathering;
    cancelTimer();
    for (const { claimed, run } of gathering.members) {
      if (!this.#parts.isFresh(claimed)) run.stop("shutdown", STALE);
    }
    this.#gathering.delete(definition.name);
    const members = [...gathering.members];
    if (members.length > 0) void this.#call(definition, members);
  }

  async #call(definition: TaskDefinition, members: readonly Member[]): Promise<void> {
    const { clock, onBlocked, onCall } = this.#parts;
    const began = clock.monotonic();
    onCall(definition.name, members.length);
    const timers: CancelTimer[] = [];
    for (const { run, limits } of members) {
      run.beganAt = began;
      if (limits.timeoutMs !== undefined) timers.push(armTimeout(run, limits.timeoutMs, clock));
    }
    const calling = callHandler(definition, members);
    const blockedMs = clock.monotonic() - began;
    if (blockedMs > BLOCKED_MS) onBlocked(members[0]!.claimed, blockedMs);
    try {
      const results = checkResults(definition.name, await calling, members.length);
      for (const [nth, member] of members.entries()) {
        this.#end(member, this.#endBy(results[nth], member, definition));
      }
    } catch (error) {
      for (const member of members) this.#end(member, endOf(error, member.run));
    } finally {
      for (const cancel of timers) cancel();
    }
  }

  #endBy(result: unknown, { run, limits }: Member, definition: TaskDefinition): TaskEnd {
    if (result instanceof Error) return endOf(result, run);
    try {
      return { status: "completed", output: outputText(result, definition, limits) };
    } catch (error) {
      return endOf(error, run);
    }
  }

  #end(member: Member, end: TaskEnd): void {
    if (member.isOver) return;
    member.isOver = true;
    this.#gathering.get(member.claimed.target)?.members.delete(member);
    member.resolve(end);
  }
}

/** Never throws at once, so that what it threw is handled in one place. */
async function callHandler(definition: TaskDefinition, members: readonly Member[]): Promise<unknown> {
  const stopped = new AbortController();
  let left = members.length;
  let calling: Promise<unknown> | undefined = undefined;
  for (const { run, limits } of members) {
    run.signal.addEventListener("abort", () => {
      if (--left > 0) return;
      stopped.abort(run.signal.reason);
      if (calling !== undefined) limits.onStray(calling.catch(() => {}));
    }, { once: true });
  }
  const items = members.map(({ run }) => itemOf(run));
  const { handler } = definition.batch as BatchDefinition;
  const context = { taskName: definition.name, items, signal: stopped.signal };
  calling = Promise.resolve(handler(members.map(({ input }) => input), context));
  return await calling;
}

const NOT_BEGUN = "The worker was stopping, and had not begun it";
const BLOCKED_MS = 500;
