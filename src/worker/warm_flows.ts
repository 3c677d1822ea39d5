import type { JsonObject, JsonValue } from "../shared/json.ts";
import { type Cause, endOf, goOn, isEnough, isPlain, isStartedIn, timersOf } from "./advance_end.ts";
import type { Alarm, Alarms } from "./alarms.ts";
import type { AdvancedEnd, Claimed, LeasedChild } from "./engine.ts";
import type { FlowStep, OpenFlow } from "./flow_crew.ts";
import { weightOf } from "./weight.ts";

/** A workflow that is suspended in the database and open in memory, at the same place. */
interface Warm {
  readonly claimed: Claimed;
  readonly open: OpenFlow;
  seq: number;
  /** It went on, and that is not settled yet. */
  ahead: boolean;
  /** The step that it stands at is settled; or failed then and there, as the database had a reason of its own. */
  answered: boolean;
  /** The database has that very step, for certain. */
  known: boolean;
  /** Its timers that this worker keeps, and when they are due. */
  timers: Map<string, number>;
  /** Those that rang while it was ahead, or before the answer came. */
  rung: Alarm[];
  weight: number;
}

/** What let a workflow go on, and how far it went. */
export interface Advance {
  /** What is settled. */
  readonly end: AdvancedEnd;
  /** The task that ended; nothing: it was a timer. */
  readonly task?: Claimed;
  /** When the timer was due, in milliseconds since 1970. */
  readonly due?: number;
  /** The workflow. */
  readonly flow: Claimed;
  /** Where that stands now. */
  readonly step: FlowStep;
}

/** How many workflows are kept open, and who rings for them. */
export interface WarmOptions {
  /** How many, and as many more that sleep. Default: 2,000. */
  readonly limit?: number;
  /** Rings when their timers are due. Default: none; the engine's clock fires all. */
  readonly alarms?: Alarms;
}

/**
 * Workflows kept open between their steps, so that the end of a task, or a timer, and the next step of its workflow are
 * settled together. Only a guess, that nobody else has touched the workflow meanwhile: the engine knows, and declines.
 *
 * A timer that is kept is left to this worker for a moment after it is due. So its workflow gives way to no other, and
 * what has no room, or is due too late, is not kept in the first place.
 */
export class WarmFlows {
  readonly #limit: number;
  readonly #alarms: Alarms | undefined;
  readonly #flows = new Map<string, Warm>();
  readonly #sleeping = new Map<string, Warm>();
  #weight = 0;

  /** @param options how many to keep */
  constructor({ limit = 2_000, alarms }: WarmOptions = {}) {
    this.#limit = limit;
    this.#alarms = alarms;
  }

  /** How many there are. */
  get size(): number {
    return this.#flows.size + this.#sleeping.size;
  }

  /**
   * Keeps a workflow that was advanced and is about to be settled as suspended, if the end of a task or a timer can let it
   * go on alone.
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
      ...{ answered: false, known: false, timers: new Map(), rung: [], weight: 0 },
    };
    for (const id of step.released) this.#alarms?.delete(id);
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
    this.#ringAgain(warm);
  }

  /** Hears that a step of this number is settled, which started a timer: from now on it may ring. */
  arm(alarm: Alarm, seq: number): void {
    const warm = this.#of(alarm.flow);
    // The workflow may have dropped it by now.
    if (warm?.seq !== seq || warm.timers.has(alarm.id)) this.#alarms?.set(alarm);
  }

  /** Forgets a workflow: somebody else may go on with it. Gives its timers, which ring all the same. */
  forget(id: string): ReadonlyMap<string, number> {
    const warm = this.#take(id);
    for (const alarm of warm?.rung ?? []) this.#alarms?.set(alarm);
    return warm?.timers ?? NONE;
  }

  /** Goes on with the workflow of a task that completed; nothing: its end is settled alone, and the engine wakes it. */
  follow(task: Claimed, output: string): Advance | undefined {
    const warm = this.#of(task.parentId!);
    if (warm === undefined) return undefined;
    const { step } = warm.open;
    const fits = !warm.ahead && isStartedIn(step, task.id) && isEnough(step, task.id);
    const advance = fits
      ? this.#advance(warm, { id: task.id, task: { attempt: task.attempt, output } })
      : undefined;
    if (advance === undefined) this.forget(task.parentId!);
    return advance && { ...advance, task };
  }

  /** Goes on with the workflow of a timer that is due; `fire`: the engine is to wake it; nothing: not yet. */
  ring(alarm: Alarm): Advance | "fire" | undefined {
    const warm = this.#sleeping.get(alarm.flow);
    if (!warm?.timers.has(alarm.id)) return "fire";
    if (warm.ahead || !warm.answered) {
      warm.rung.push(alarm);
      return undefined;
    }
    if (!warm.known && !isStartedIn(warm.open.step, alarm.id)) return "fire";
    const advance = isEnough(warm.open.step, alarm.id) ? this.#advance(warm, { id: alarm.id }) : undefined;
    if (advance === undefined) this.forget(alarm.flow);
    return advance === undefined ? "fire" : { ...advance, due: alarm.due };
  }

  /** Hears that an advance was settled; gives the children that were leased to this worker. */
  settled({ flow, step, end }: Advance, leased: ReadonlyMap<string, LeasedChild>): Claimed[] {
    const warm = this.#of(flow.id);
    // It may have been claimed anew before this answer came: then what is open is further.
    if (warm?.seq === end.seq) this.#arrived(warm, step);
    for (const { id, at, kept } of end.rest?.timers ?? []) {
      if (kept) this.arm({ id, flow: flow.id, due: Date.parse(at) }, end.seq + 1);
    }
    return end.children.flatMap(({ id, kind, inputs, traceparent }) => {
      const lease = leased.get(id);
      if (lease === undefined) return [];
      const metadata = (kind.metadata ?? {}) as JsonObject;
      return [{
        ...lease,
        ...{ kind: "task" as const, target: String(kind.target), attempt: 1, inputs, metadata, traceparent },
        ...{ parentId: flow.id, createdAt: new Date(), flow: null },
      }];
    });
  }

  #arrived(warm: Warm, step: FlowStep): void {
    warm.seq++;
    warm.ahead = false;
    warm.answered = true;
    warm.known = true;
    if (step.status === "completed") this.#take(warm.claimed.id);
    else this.#ringAgain(warm);
  }

  #ringAgain(warm: Warm): void {
    if (warm.rung.length === 0) return;
    for (const alarm of warm.rung.splice(0)) if (warm.timers.has(alarm.id)) this.#alarms!.set(alarm);
  }

  #advance(warm: Warm, cause: Cause): Pick<Advance, "end" | "flow" | "step"> | undefined {
    const step = goOn(warm.open, cause);
    if (step === undefined || !isPlain(step, warm.claimed)) return undefined;
    this.#take(warm.claimed.id);
    warm.timers.delete(cause.id);
    for (const id of step.status === "completed" ? warm.timers.keys() : step.released) {
      warm.timers.delete(id);
      this.#alarms?.delete(id);
    }
    const kept = step.status === "completed" ? NONE : this.#admit(warm, step);
    warm.ahead = true;
    this.#put(warm);
    return { end: endOf(cause, warm.claimed, { seq: warm.seq, step, kept }), flow: warm.claimed, step };
  }

  // The timers of a step that this worker keeps from now on.
  #admit(warm: Warm, step: FlowStep): ReadonlyMap<string, number> {
    const alarms = this.#alarms;
    if (alarms === undefined || alarms.isStopped) return NONE;
    const timers = timersOf(step);
    if (timers.length === 0) return NONE;
    const latest = Date.now() + HORIZON_MS;
    const near = timers.map(({ id, at }): [string, number] => [id, Date.parse(at)]).filter(([, due]) =>
      due < latest
    );
    if (near.length === 0 || this.#sleeping.size >= this.#limit || alarms.size >= 2 * this.#limit) {
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
    this.#flows.set(id, warm);
    if (this.#flows.size > this.#limit) this.#flows.delete(this.#flows.keys().next().value!);
  }

  #take(id: string): Warm | undefined {
    const warm = this.#of(id);
    if (this.#sleeping.delete(id)) this.#weight -= warm!.weight;
    else this.#flows.delete(id);
    return warm;
  }
}

const NONE: ReadonlyMap<string, number> = new Map();

// Memory is for those who wake soon.
const HORIZON_MS = 5 * 60_000;

// Of all snapshots and inputs of workflows that sleep, in characters, about.
const MOST_WEIGHT = 8_000_000;
