import type { JsonValue } from "../../shared/json.ts";
import type { Clock } from "../../runtime/clock.ts";
import {
  type Cause,
  endOf,
  goOn,
  isEnough,
  isPlain,
  isStartedIn,
  type StepResult,
  timersOf,
} from "./step_result.ts";
import type { KeptTimer, KeptTimers } from "./kept_timers.ts";
import type { ServerTime } from "./server_time.ts";
import type { Claimed } from "../engine/engine.ts";
import type { FlowStep, OpenFlow } from "./flow_runner.ts";

/** A workflow that is suspended in the database and in memory, in the same state. */
interface Warm {
  readonly claimed: Claimed;
  readonly open: OpenFlow;
  seq: number;
  /** It has continued, and that is not settled yet. */
  ahead: boolean;
  /** Its step is settled; or the database failed it, for a reason of its own. */
  answered: boolean;
  /** The database certainly has this very step. */
  known: boolean;
  /** Its timers that this worker keeps, and when they are due. */
  timers: Map<string, number>;
  /** Those that became due while it was ahead, or before the answer came. */
  fired: KeptTimer[];
  weight: number;
  /** When its last step was taken, by the monotonic clock. */
  steppedAt: number;
}

/** How many workflows are kept open, and with which timers. */
export interface WarmOptions {
  /** The clock. */
  readonly clock: Clock;
  /** How many, and as many more that sleep. Default: 2,000. */
  readonly limit?: number;
  /** Says the time of the server. */
  readonly time: Pick<ServerTime, "now">;
  /** Keeps their timers. Default: none are kept; the engine fires all. */
  readonly keptTimers?: KeptTimers;
}

/**
 * Workflows that stay in memory between their steps, so that the end of a task or a timer is settled together with the next step.
 * That nobody else has changed the workflow meanwhile is only a guess: the engine knows, and declines if it is wrong.
 *
 * A kept timer is left to this worker for a moment after it is due. So its workflow is never removed to make room for another one.
 * A timer for which there is no room, or which is due too late, is not kept at all.
 *
 * Other workflows are removed only if they have taken no step for a while. If it were always the one that waits longest, a few more
 * workflows than there is room for would all be removed just before their next step.
 */
export class WarmFlows {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #time: Pick<ServerTime, "now">;
  readonly #keptTimers: KeptTimers | undefined;
  readonly #flows = new Map<string, Warm>();
  readonly #sleeping = new Map<string, Warm>();
  #weight = 0;

  /** @param options how many to keep */
  constructor({ clock, time, limit = 2_000, keptTimers }: WarmOptions) {
    this.#clock = clock;
    this.#time = time;
    this.#limit = limit;
    this.#keptTimers = keptTimers;
  }

  /** How many there are. */
  get size(): number {
    return this.#flows.size + this.#sleeping.size;
  }

  /**
   * Keeps a workflow that was advanced and will be settled as suspended, if the end of one task or timer can let it
   * continue.
   *
   * @param claimed the workflow
   * @param open where it stands
   * @param timers those of its timers that were kept before
   * @returns the timers that are kept now
   */
  keep(
    claimed: Claimed,
    open: OpenFlow,
    timers: ReadonlyMap<string, number> = NONE,
  ): ReadonlyMap<string, number> {
    this.forget(claimed.id);
    const { step } = open;
    const warm: Warm = {
      ...{ claimed, open, seq: claimed.flow!.seq + 1, ahead: false },
      ...{ answered: false, known: false, timers: new Map(), fired: [], weight: 0, steppedAt: 0 },
    };
    for (const id of step.released) this.#keptTimers?.delete(id);
    for (const [id, due] of timers) if (isEnough(step, id)) warm.timers.set(id, due);
    const kept = this.#admit(warm, step);
    if (warm.timers.size > 0 || step.effects.some(({ type }) => type === "run_task")) this.#put(warm);
    return kept;
  }

  /** Hears that the step of this number is settled. */
  stands(id: string, seq: number): void {
    const warm = this.#of(id);
    if (warm?.seq !== seq || warm.ahead) return;
    warm.answered = true;
    this.#setAgain(warm);
  }

  /** Hears that a step of this number is settled, which started a timer: from now on it may become due. */
  arm(timer: KeptTimer, seq: number): void {
    const warm = this.#of(timer.flow);
    // The workflow may have dropped it by now.
    if (warm?.seq !== seq || warm.timers.has(timer.id)) this.#keptTimers?.set(timer);
  }

  /** Removes a workflow, because another worker may continue it. Gives its timers, which stay kept. */
  forget(id: string): ReadonlyMap<string, number> {
    const warm = this.#take(id);
    for (const timer of warm?.fired ?? []) this.#keptTimers?.set(timer);
    return warm?.timers ?? NONE;
  }

  /** Goes on with the workflow of a task that completed; nothing: its end is settled alone, and the engine wakes it. */
  follow(task: Claimed, output: string): StepResult | undefined {
    const warm = this.#of(task.parentId!);
    if (warm === undefined) return undefined;
    const { step } = warm.open;
    const fits = !warm.ahead && isStartedIn(step, task.id) && isEnough(step, task.id);
    const result = fits ? this.#advance(warm, { id: task.id, task: { call: task.call, output } }) : undefined;
    if (result === undefined) this.forget(task.parentId!);
    return result && { ...result, task };
  }

  /** Continues the workflow of a timer that is due; `fire`: the engine must wake it; nothing: not yet. */
  due(timer: KeptTimer): StepResult | "fire" | undefined {
    const warm = this.#sleeping.get(timer.flow);
    if (!warm?.timers.has(timer.id)) return "fire";
    if (warm.ahead || !warm.answered) {
      warm.fired.push(timer);
      return undefined;
    }
    if (!warm.known && !isStartedIn(warm.open.step, timer.id)) return "fire";
    const result = isEnough(warm.open.step, timer.id)
      ? this.#advance(warm, { id: timer.id }, timer.due)
      : undefined;
    if (result === undefined) this.forget(timer.flow);
    return result === undefined ? "fire" : { ...result, due: timer.due };
  }

  /** Hears that a step was settled. */
  stepSettled({ flow, step, end }: StepResult): void {
    const warm = this.#of(flow.id);
    // If it was claimed again before this answer came, the state in memory is already further.
    if (warm?.seq === end.seq) this.#arrived(warm, step);
    for (const { id, at, kept } of end.rest?.timers ?? []) {
      if (kept) this.arm({ id, flow: flow.id, due: Date.parse(at) }, end.seq + 1);
    }
  }

  #arrived(warm: Warm, step: FlowStep): void {
    warm.seq++;
    warm.ahead = false;
    warm.answered = true;
    warm.known = true;
    if (step.status === "completed") this.#take(warm.claimed.id);
    else this.#setAgain(warm);
  }

  #setAgain(warm: Warm): void {
    if (warm.fired.length === 0) return;
    for (const timer of warm.fired.splice(0)) if (warm.timers.has(timer.id)) this.#keptTimers!.set(timer);
  }

  // With a timer, not before that is due: the two clocks may differ by a little.
  #advance(
    warm: Warm,
    cause: Cause,
    due = 0,
  ): Pick<StepResult, "end" | "flow" | "step" | "open"> | undefined {
    const moment = new Date(Math.max(due, this.#time.now()));
    const step = goOn(warm.open, cause, { step: warm.seq + 1, moment });
    if (step === undefined || !isPlain(step, warm.claimed)) return undefined;
    this.#take(warm.claimed.id);
    warm.timers.delete(cause.id);
    for (const id of step.status === "completed" ? warm.timers.keys() : step.released) {
      warm.timers.delete(id);
      this.#keptTimers?.delete(id);
    }
    const kept = step.status === "completed" ? NONE : this.#admit(warm, step);
    warm.ahead = true;
    this.#put(warm);
    return {
      end: endOf(cause, warm.claimed, { seq: warm.seq, step, kept }),
      flow: warm.claimed,
      step,
      open: warm.open,
    };
  }

  // The timers of a step that this worker keeps from now on.
  #admit(warm: Warm, step: FlowStep): ReadonlyMap<string, number> {
    const keptTimers = this.#keptTimers;
    if (keptTimers === undefined || keptTimers.isStopped) return NONE;
    const timers = timersOf(step);
    if (timers.length === 0) return NONE;
    const latest = this.#clock.now() + HORIZON_MS;
    const near = timers.map(({ id, at }): [string, number] => [id, Date.parse(at)]).filter(([, due]) =>
      due < latest
    );
    if (near.length === 0 || this.#sleeping.size >= this.#limit || keptTimers.size >= 2 * this.#limit) {
      return NONE;
    }
    warm.weight = weightOf(step.snapshot as JsonValue) + weightOf(warm.claimed.inputs);
    if (this.#weight + warm.weight > MOST_WEIGHT) return NONE;
    for (const [id, due] of near) warm.timers.set(id, due);
    return new Map(near);
  }

  #of(id: string): Warm | undefined {
    return this.#flows.get(id) ?? this.#sleeping.get(id);
  }

  #put(warm: Warm): void {
    const { id } = warm.claimed;
    if (warm.timers.size > 0) {
      this.#sleeping.set(id, warm);
      this.#weight += warm.weight;
      return;
    }
    warm.steppedAt = this.#clock.monotonic();
    if (this.#flows.size >= this.#limit && !this.#removeIdle()) return;
    this.#flows.set(id, warm);
  }

  // They are in the order of their last steps.
  #removeIdle(): boolean {
    const { claimed, steppedAt } = this.#flows.values().next().value!;
    return this.#clock.monotonic() - steppedAt >= IDLE_MS && this.#flows.delete(claimed.id);
  }

  #take(id: string): Warm | undefined {
    const warm = this.#of(id);
    if (this.#sleeping.delete(id)) this.#weight -= warm!.weight;
    else this.#flows.delete(id);
    return warm;
  }
}

const NONE: ReadonlyMap<string, number> = new Map();

// After this time without a step, a workflow leaves its place to another one.
const IDLE_MS = 5_000;

// Memory is for workflows that wake soon.
const HORIZON_MS = 5 * 60_000;

// The size of all snapshots and inputs of sleeping workflows, in characters, roughly.
const MOST_WEIGHT = 8_000_000;

/**
 * About how many characters a value takes as JSON, without writing it down.
 *
 * @param value the value
 * @returns characters
 */
function weightOf(value: JsonValue): number {
  if (typeof value === "string") return value.length + 8;
  if (typeof value !== "object" || value === null) return 8;
  let weight = 8;
  if (Array.isArray(value)) {
    for (const item of value) weight += weightOf(item);
  } else {
    for (const key in value) weight += key.length + weightOf(value[key]!);
  }
  return weight;
}
