import type { Logger } from "../../define/mod.ts";
import type { CancelTimer, Clock } from "../../runtime/clock.ts";
import { RhythmError } from "../../shared/error.ts";
import type { StepResult } from "../flows/step_result.ts";
import type { InFlightSet } from "../loop/in_flight.ts";
import { PollBackoff, Sleep } from "../loop/poll_backoff.ts";
import type { Ledger } from "../loop/ledger.ts";
import type { WorkerStats } from "../loop/stats.ts";
import type { Answer, Call, Claimed, Ends, Engine, Lease, Outcome, Want } from "./engine.ts";
import { broughtBy, dueAfter, dueAfterStep, failedToSettle } from "./outcome.ts";

/** What exchanging needs. */
export interface ExchangeParts {
  /** The engine. */
  readonly engine: Engine;
  /** Time and chance. */
  readonly clock: Clock;
  /** Where the worker logs. */
  readonly logger: Logger;
  /** What is counted. */
  readonly stats: WorkerStats;
  /** Is told what the database has stored. */
  readonly ledger: Ledger;
  /** What the worker has claimed and not finished. */
  readonly inFlight: InFlightSet;
  /** How many executions the worker has in flight at most. */
  readonly concurrency: number;
  /** The longest pause between two polls. */
  readonly pollMs: number;
}

/** Who hears what comes of exchanging. */
export interface ExchangeUser {
  /** Takes an execution that was leased. */
  readonly take: (claimed: Claimed) => void;
  /** The workflows that are open in memory. */
  readonly flows: OpenWorkflows;
  /** Told that the database answered. */
  readonly answered: () => void;
  /** Told when something becomes due, in milliseconds. */
  readonly due: (ms: number) => void;
  /** Registers the worker again after it counted as dead. Its leases are lost. */
  readonly registerAnew: () => Promise<void>;
}

/** The workflows that are open in memory: they are told the results of their steps. */
export interface OpenWorkflows {
  /** Hears that an outcome was settled. */
  settled(outcome: Outcome): void;
  /** Hears that a step was settled. */
  stepSettled(result: StepResult): void;
  /** Hears that a workflow is not where it was thought to be. */
  forget(id: string): void;
  /** Hears that the clock of this machine is ahead of the server's by so many milliseconds. */
  ahead(ms: number): void;
  /** Hears what time it was for the server, at some moment since another of this machine; both in milliseconds since 1970. */
  toldTime(now: number, since: number): void;
}

interface Answered {
  readonly call: Call;
  readonly answer: Answer;
}

/** Calls of one sequence: they have odd numbers, or even ones. */
interface Lane {
  readonly side: "odd" | "even";
  readonly sleep: Sleep;
  /** The number of its last call. */
  number: number;
  /** Ends that its next calls bring. */
  outcomes: Outcome[];
  underWay: Call | undefined;
  /** What its last call leased, until that runs. */
  unhandled: readonly Claimed[];
}

/**
 * Settles what has ended and claims what comes next.
 *
 * What ends during a call goes into the next one: a natural group commit, without a timer. A call whose answer was lost is sent
 * again with the same number, until it is answered. While the database works on a call, the worker runs what the call before it
 * returned.
 *
 * One call at a time is enough for a worker that has little to do. While there is more, calls with even numbers run beside those with
 * odd ones: they claim from a long queue, complete what they claimed, and take steps of workflows when many wait.
 */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #backoff: PollBackoff;
  readonly #odd: Lane;
  readonly #even: Lane;
  #steps: StepResult[] = [];
  #fired: string[] = [];
  #left: string[] = [];
  readonly #declines = new Map<string, number>();
  readonly #postponed = new Map<Outcome | StepResult, CancelTimer>();
  /** The last poll found as much as it asked for. */
  #isBacklog = false;
  #mostEnds = BATCH;
  #mostClaims = BATCH;
  #pollAt = 0;
  #phase: "claiming" | "settling" | "closing" = "claiming";
  #isAbandoned = false;
  #isDeaf = false;
  #trouble: string | undefined;

  /** @param parts what it needs */
  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#backoff = new PollBackoff(parts.pollMs);
    this.#odd = emptyLane("odd", parts.clock);
    this.#even = emptyLane("even", parts.clock);
  }

  /** Whether the last polls found nothing. */
  get isIdle(): boolean {
    return this.#backoff.phase === "idle";
  }

  /** Whether it may claim. */
  get isClaiming(): boolean {
    return this.#phase === "claiming";
  }

  /** The code with which the database keeps refusing the current call; nothing: it does not. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Hands back how an execution ended. */
  end(outcome: Outcome): void {
    const lane = this.#laneOf(outcome);
    lane.outcomes.push(outcome);
    lane.sleep.wake();
  }

  /** Hands back the end of a task, or a timer, together with the step that its workflow took. */
  endStep(result: StepResult): void {
    this.#steps.push(result);
    this.#odd.sleep.wake();
    if (this.#steps.length >= MANY_STEPS) this.#even.sleep.wake();
  }

  /** Asks the engine to wake the workflow of a timer that is due. */
  fire(timer: string): void {
    this.#fired.push(timer);
    this.#odd.sleep.wake();
  }

  /** Leaves timers to the engine that this worker kept. */
  leaveTimers(timers: readonly string[]): void {
    this.#left.push(...timers);
    this.#odd.sleep.wake();
  }

  /** Hears that there may be work, even if another session has it locked for a moment. */
  call(): void {
    this.#backoff.call();
    this.poll();
  }

  /** Hears no notifications: pauses between polls are shorter, and nobody is told that this worker sleeps. */
  goDeaf(pollMs: number): void {
    this.#isDeaf = true;
    this.#backoff.longestMs = pollMs;
  }

  /** Polls at once, if there is room. */
  poll(): void {
    this.#pollAt = 0;
    this.#odd.sleep.wake();
  }

  /** Hears that there is room for more. */
  roomFreed(): void {
    if (this.#pollAt <= this.#parts.clock.monotonic()) this.#odd.sleep.wake();
    if (this.#isBacklog) this.#even.sleep.wake();
  }

  /** What this worker believes it holds: what runs, and what has ended and is not settled yet. */
  *holds(): Iterable<Lease> {
    for (const { claimed } of this.#parts.inFlight.all()) yield claimed;
    yield* leasesOf(this.#steps);
    yield* leasesOf(this.#postponed.keys());
    for (const { unhandled, outcomes, underWay } of this.#lanes) {
      yield* unhandled;
      yield* leasesOf(outcomes);
      yield* leasesOf(underWay?.ends.outcomes ?? []);
      yield* leasesOf(underWay?.ends.steps ?? []);
    }
  }

  /**
   * Exchanges until `close()`.
   *
   * @param user who hears what comes of it
   * @throws what says that waiting will not help
   */
  async run(user: ExchangeUser): Promise<void> {
    try {
      await Promise.all(this.#lanes.map((lane) => this.#runCalls(lane, user)));
    } catch (error) {
      this.#abandon();
      throw error;
    }
  }

  async #runCalls(lane: Lane, user: ExchangeUser): Promise<void> {
    for (let answered: Answered | undefined;;) {
      // What has ended goes first. If there is nothing, handlers that end at once have their ends in the next call.
      if (answered !== undefined && this.#pending(lane) === 0 && !isFull(answered)) {
        this.#handle(lane, answered, user);
        answered = undefined;
        await new Promise<void>((resolve) => this.#parts.clock.nextTurn(resolve));
      }
      const call = lane.underWay = this.#nextCall(lane);
      const answering = call === undefined ? undefined : this.#send(lane, call, user);
      // A failure is thrown at the await.
      answering?.catch(() => {});
      if (lane.side === "odd" && call !== undefined) this.#even.sleep.wake();
      if (answered !== undefined) this.#handle(lane, answered, user);
      answered = undefined;
      if (answering !== undefined) {
        answered = await answering;
        lane.underWay = undefined;
        lane.unhandled = answered?.answer.claimed ?? [];
      } else if (this.#isDone) return this.#wake();
      else await lane.sleep.for(this.#pauseMs(lane));
    }
  }

  /** Waits, but not when the worker is told to stop. */
  async pause(ms: number): Promise<void> {
    if (this.#phase === "claiming") await this.#odd.sleep.for(ms);
  }

  /** Stops claiming. What runs may still end. */
  stopClaiming(): void {
    if (this.#phase === "claiming") this.#phase = "settling";
    this.#wake();
  }

  /** Ends `run()` when everything is settled, or after a number of milliseconds, without the rest. */
  close(patienceMs: number): void {
    this.#phase = "closing";
    const { clock } = this.#parts;
    // Timers that came too early are left to the engine.
    for (const item of this.#postponed.keys()) if ("end" in item) this.#forgetPostponed(item);
    clock.after(patienceMs, () => this.#abandon(), { background: true });
    this.#wake();
  }

  #abandon(): void {
    this.#isAbandoned = true;
    for (const item of this.#postponed.keys()) this.#forgetPostponed(item);
    for (const lane of this.#lanes) lane.outcomes = [];
    this.#steps = [];
    this.#fired = [];
    this.#left = [];
    this.#wake();
  }

  get #lanes(): readonly Lane[] {
    return [this.#odd, this.#even];
  }

  #wake(): void {
    for (const { sleep } of this.#lanes) sleep.wake();
  }

  // Tasks that no workflow started end in the lane that leased them: so two calls do not meet at a batch. All else meets at the
  // states of workflows, and goes in turn.
  #laneOf({ call, claimed }: Outcome): Lane {
    const isAlone = claimed?.kind === "task" && claimed.parentId === null;
    return isAlone && call % 2 === 0 ? this.#even : this.#odd;
  }

  get #isDone(): boolean {
    const isEmpty = this.#postponed.size === 0 &&
      this.#lanes.every((lane) => this.#pending(lane) === 0 && lane.underWay === undefined);
    return this.#isAbandoned || this.#phase === "closing" && isEmpty;
  }

  // How many ends the next calls of a lane bring. Steps are for either, but an even call leaves a few to the next odd one.
  #pending({ side, outcomes }: Lane): number {
    const steps = side === "odd" || this.#steps.length >= MANY_STEPS ? this.#steps.length : 0;
    return outcomes.length + steps + (side === "odd" ? this.#fired.length + this.#left.length : 0);
  }

  #nextCall(lane: Lane): Call | undefined {
    if (this.#isAbandoned) return undefined;
    const ends = lane.side === "odd" ? this.#oddEnds() : this.#evenEnds();
    const want = this.#wantOf(lane, ends);
    if (sizeOf(ends) === 0 && want.limit === 0) return undefined;
    return { number: lane.number += 2, askedAt: this.#parts.clock.monotonic(), ends, want };
  }

  #oddEnds(): Ends {
    return {
      outcomes: this.#odd.outcomes.splice(0, this.#mostEnds),
      steps: this.#steps.splice(0, Math.min(STEPS_BATCH, this.#mostEnds)),
      fired: this.#fired.splice(0, Math.min(STEPS_BATCH, this.#mostEnds)),
      left: this.#left.splice(0),
    };
  }

  #evenEnds(): Ends {
    const many = Math.min(this.#steps.length, STEPS_BATCH, this.#room);
    const takesSteps = many >= MANY_STEPS && this.#odd.underWay !== undefined;
    return {
      outcomes: this.#even.outcomes.splice(0, this.#mostEnds),
      steps: this.#steps.splice(0, takesSteps ? Math.min(many, this.#mostEnds) : 0),
      fired: [],
      left: [],
    };
  }

  // Places for more work. What is under way may fill some.
  get #room(): number {
    const { concurrency, inFlight } = this.#parts;
    let free = concurrency - inFlight.size;
    for (const { unhandled, underWay } of this.#lanes) {
      free -= unhandled.length + (underWay === undefined ? 0 : underWay.want.limit + underWay.want.lease);
    }
    return this.#phase === "claiming" ? Math.max(0, free) : 0;
  }

  #wantOf({ side }: Lane, ends: Ends): Want {
    const { clock, concurrency } = this.#parts;
    const room = this.#room;
    // What a call creates or wakes gets half of the free places, so that what is queued meanwhile need not wait for it.
    const lease = Math.min(broughtBy(ends), side === "odd" ? room >> 1 : room);
    // At most half of many places: while the database fills one half, the worker runs the other.
    const half = Math.max(SMALL_CLAIM, (concurrency + 1) >> 1);
    const limit = Math.min(this.#mostClaims, room - lease, half);
    const isPoll = this.#pending(this.#odd) <= MOST_WAITING && this.#pollAt <= clock.monotonic() &&
      (side === "odd" || this.#isBacklog && this.#odd.underWay !== undefined && limit >= SMALL_CLAIM);
    return {
      limit: isPoll ? limit : 0,
      lease,
      sleeps: side === "odd" && !this.#isDeaf && this.#backoff.phase === "idle",
    };
  }

  // Until it is woken, if it has nothing to wait for.
  #pauseMs({ side }: Lane): number | undefined {
    if (side === "even") return undefined;
    const { clock, concurrency, inFlight } = this.#parts;
    const cannotClaim = this.#phase !== "claiming" || inFlight.size >= concurrency;
    return cannotClaim ? LONGEST_SLEEP_MS : Math.max(0, this.#pollAt - clock.monotonic());
  }

  async #send(lane: Lane, call: Call, user: ExchangeUser): Promise<Answered | undefined> {
    const { clock, engine } = this.#parts;
    for (let attempt = 1; !this.#isAbandoned; attempt++) {
      // A poll that is cut off loses nothing: what it leased goes back when the worker stops.
      if (this.#phase !== "claiming" && attempt > 1 && sizeOf(call.ends) === 0) return undefined;
      try {
        const answer = await engine.exchange(call);
        this.#trouble = undefined;
        this.#mostEnds = Math.min(BATCH, 2 * this.#mostEnds);
        this.#mostClaims = Math.min(BATCH, 2 * this.#mostClaims);
        return { call, answer };
      } catch (error) {
        if (engine.isGivenUp(error)) {
          if (this.#phase !== "claiming") return this.#giveUp(call.ends, error);
          // Their leases are lost. The answer to the next call says so for each of them.
          await user.registerAnew().catch((again) => this.#failed("register", again, attempt));
          call = { ...call, number: lane.number += 2 };
        } else if (engine.isHopeless(error)) {
          throw error;
        } else if (engine.isTransient(error)) {
          this.#failed("exchange", error, attempt);
          if (attempt > 1 && engine.isTooSlow(error) && this.#sendLess(lane, call)) return undefined;
        } else if (sizeOf(call.ends) > 0) {
          return this.#isolate(lane, call.ends, error, user);
        } else throw error;
        await clock.sleep(pauseAfter(attempt, clock.random()));
      }
    }
    return undefined;
  }

  // The server ends calls that take long, and it has ended this one before. Half of it may succeed.
  #sendLess(lane: Lane, { ends, want }: Call): boolean {
    if (countOf(ends) <= 1 && want.limit <= 1) return false;
    this.#mostClaims = Math.max(1, want.limit >> 1);
    this.#bringAgain(lane, ends);
    return true;
  }

  #bringAgain(lane: Lane, { outcomes, steps, fired, left }: Ends): void {
    this.#mostEnds = Math.max(1, Math.max(outcomes.length, steps.length, fired.length) >> 1);
    lane.outcomes.unshift(...outcomes);
    this.#steps.unshift(...steps);
    this.#fired.unshift(...fired);
    this.#left.unshift(...left);
    this.#wake();
  }

  // One of the ends is bad: calls become smaller until it is alone and fails with the reason.
  #isolate(lane: Lane, ends: Ends, error: unknown, { flows }: ExchangeUser): undefined {
    const { outcomes, steps } = ends;
    if (countOf(ends) > 1) {
      this.#bringAgain(lane, ends);
      return undefined;
    }
    for (const result of steps) this.#endAlone(result, flows);
    for (const outcome of outcomes) {
      const { id, status } = outcome;
      this.#parts.logger.error("an outcome cannot be stored", { execution: id, status, error });
      flows.forget(id);
      const failed = failedToSettle(outcome, error);
      if (failed !== undefined) this.end(failed);
    }
    // Timers stay due: due() fires them, or reports what is wrong.
    return undefined;
  }

  #giveUp({ outcomes, steps }: Ends, error: unknown): undefined {
    const executions = outcomes.length + steps.length;
    if (executions > 0) this.#parts.logger.warn("ends could not be stored", { executions, error });
    return undefined;
  }

  #handle(lane: Lane, { call, answer }: Answered, user: ExchangeUser): void {
    user.answered();
    const { clock } = this.#parts;
    user.flows.toldTime(answer.now, clock.now() - (clock.monotonic() - call.askedAt));
    lane.unhandled = [];
    this.#count({ call, answer });
    if (call.want.limit > 0) {
      const pauseMs = this.#backoff.afterPoll(answer.found, call.want.limit);
      this.#pollAt = pauseMs === 0 ? 0 : this.#parts.clock.monotonic() + pauseMs;
      this.#isBacklog = isFull({ call, answer });
    }
    for (const { id, reason } of answer.refused) {
      user.flows.forget(id);
      this.#parts.stats.refused++;
      this.#parts.logger.warn("an outcome changed nothing", { execution: id, reason });
    }
    if (sizeOf(call.ends) > 0) this.#settled({ call, answer }, user);
    // What it created without room for it is in the queue, and perhaps no poll has seen it there.
    if (lane.side === "even" && broughtBy(call.ends) > call.want.lease) this.poll();
    for (const claimed of answer.claimed) user.take(claimed);
    if (sizeOf(call.ends) + answer.claimed.length > 0) user.due(SOON_MS);
  }

  #settled({ call, answer }: Answered, user: ExchangeUser): void {
    const { ledger, clock } = this.#parts;
    const refused = new Set(answer.refused.map(({ id }) => id));
    const now = clock.now();
    let soonest = Infinity;
    for (const outcome of call.ends.outcomes) {
      if (answer.declined.has(outcome.id)) {
        this.#endAgain(outcome);
        continue;
      }
      this.#declines.delete(outcome.id);
      soonest = Math.min(soonest, dueAfter(outcome, now) ?? Infinity);
      if (refused.has(outcome.id)) continue;
      ledger.ended(outcome, answer.retried?.[outcome.id]);
      user.flows.settled(outcome);
    }
    for (const result of call.ends.steps) {
      const { id } = result.end;
      const earlyMs = answer.early.get(id);
      if (earlyMs !== undefined) this.#stepAgain(result, { earlyMs, call, flows: user.flows });
      else if (answer.declined.has(id)) this.#endAlone(result, user.flows);
      else {
        if (!refused.has(id)) ledger.stepTaken(result);
        soonest = Math.min(soonest, dueAfterStep(result.end, now) ?? Infinity);
        user.flows.stepSettled(result);
      }
    }
    if (soonest < Infinity) user.due(soonest);
  }

  // Usually another session has locked it for a moment.
  #endAgain(outcome: Outcome): void {
    const declines = (this.#declines.get(outcome.id) ?? 0) + 1;
    this.#declines.set(outcome.id, declines);
    if (declines === 10) {
      this.#parts.logger.warn("an execution is locked by another transaction: its end waits", {
        execution: outcome.id,
      });
    }
    const cancel = this.#parts.clock.after(Math.min(500, 2 * 2 ** declines), () => {
      this.#postponed.delete(outcome);
      this.end(outcome);
    });
    this.#postponed.set(outcome, cancel);
  }

  // The clock of this machine is ahead. The step stays right until the timer is due by the server's clock.
  #stepAgain(
    result: StepResult,
    { earlyMs, call, flows }: { earlyMs: number; call: Call; flows: OpenWorkflows },
  ): void {
    const { clock } = this.#parts;
    flows.ahead(clock.now() - (clock.monotonic() - call.askedAt) - result.due! + earlyMs);
    if (earlyMs > LONGEST_EARLY_MS || this.#phase === "closing") return flows.forget(result.flow.id);
    const cancel = clock.after(earlyMs, () => {
      this.#postponed.delete(result);
      this.endStep(result);
    });
    this.#postponed.set(result, cancel);
  }

  // The workflow is at another step than expected, or locked: the engine wakes it.
  #endAlone({ task, tookMs, flow, end }: StepResult, flows: OpenWorkflows): void {
    flows.forget(flow.id);
    if (task === undefined) return this.fire(end.id);
    const { id, call } = task;
    this.end({
      id,
      call,
      claimed: task,
      tookMs,
      hasParent: true,
      status: "completed",
      output: end.task!.output,
    });
  }

  #forgetPostponed(item: Outcome | StepResult): void {
    this.#postponed.get(item)?.();
    this.#postponed.delete(item);
  }

  #count({ call: { askedAt, ends, want }, answer }: Answered): void {
    const { stats, clock } = this.#parts;
    const seconds = (clock.monotonic() - askedAt) / 1000;
    if (want.limit > 0 && answer.found > 0) {
      stats.claimSeconds.observe(seconds);
      stats.claimSizes.observe(answer.found);
    }
    const size = ends.outcomes.length + ends.steps.length;
    this.#parts.ledger.called(size, answer.claimed.length, seconds);
    if (size === 0) return;
    stats.settleSeconds.observe(seconds);
    stats.settleSizes.observe(size);
  }

  #failed(what: string, error: unknown, attempt: number): void {
    const { engine, logger } = this.#parts;
    // Deadlocks and similar errors pass with the next call.
    if (attempt > 1 || engine.isTooSlow(error)) {
      this.#trouble = error instanceof RhythmError ? error.code : String(error);
    }
    const log = attempt === 1 ? logger.warn : logger.error;
    log(`${what} failed; it is tried again`, { attempt, error });
  }
}

function emptyLane(side: "odd" | "even", clock: Clock): Lane {
  const number = side === "odd" ? -1 : 0;
  return { side, number, sleep: new Sleep(clock), outcomes: [], underWay: undefined, unhandled: [] };
}

function isFull({ call, answer }: Answered): boolean {
  return call.want.limit > 0 && answer.found >= call.want.limit;
}

/**
 * How long to wait after the n-th failure in a row. A part of it is random, so that not all workers come back at the same time after
 * a server was lost.
 *
 * @param troubles how many failures
 * @param chance from 0 to 1
 * @returns milliseconds
 */
export function pauseAfter(troubles: number, chance: number): number {
  return Math.min(2_000, 50 * 2 ** troubles) * (0.5 + chance / 2);
}

function countOf({ outcomes, steps, fired }: Ends): number {
  return outcomes.length + steps.length + fired.length;
}

function sizeOf({ outcomes, steps, fired, left }: Ends): number {
  return outcomes.length + steps.length + fired.length + left.length;
}

function* leasesOf(items: Iterable<Outcome | StepResult>): Iterable<Lease> {
  for (const item of items) {
    if (!("end" in item)) yield item;
    else if (item.task !== undefined) yield item.task;
  }
}

// Larger calls gain nothing, and hold their locks longer.
const BATCH = 1_000;

// Too few for two calls.
const SMALL_CLAIM = 50;

// While the database works on this many, the handlers of as many others run.
const STEPS_BATCH = 250;

// Fewer steps than these wait for the call that is under way: a second one would cost more than it gains.
const MANY_STEPS = 50;

// With this many ends waiting, settling comes before claiming.
const MOST_WAITING = 4 * BATCH;

// A timer that came earlier than this is left to the engine.
const LONGEST_EARLY_MS = 1_000;

// With work in flight, the worker looks for what is due after this time.
const SOON_MS = 1_000;

const LONGEST_SLEEP_MS = 60_000;
