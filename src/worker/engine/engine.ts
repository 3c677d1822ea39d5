import type { RefusedStep, StepNews, StepRow } from "../../db/calls/steps.ts";
import type { AppliedChange, TickPart } from "../../db/calls/worker.ts";
import type { ExecutionError, ExecutionType, SqlTag } from "../../define/mod.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";
import type { StepResult } from "../flows/step_result.ts";
import type { Rate } from "../loop/rates.ts";
import type { Report } from "./reporter.ts";

/** The lease of an execution. A call number is never used again, because a new process has a new worker id. */
export interface Lease {
  /** The execution. */
  readonly id: string;
  /** The number of the call that leased it. */
  readonly call: number;
  /** For a workflow: how often it had been suspended when it was leased. */
  readonly seq?: number;
}

/** One execution that this worker has leased. */
export interface Claimed {
  /** The execution. */
  readonly id: string;
  /** The number of the call that leased it. */
  readonly call: number;
  /** When that call was sent, by the monotonic clock, in milliseconds. */
  readonly askedAt: number;
  /** A task or a workflow. */
  readonly kind: ExecutionType;
  /** The task's or flow's name. */
  readonly target: string;
  /** The queue it came from. */
  readonly queue: string;
  /** Which attempt this is. */
  readonly attempt: number;
  /** How many may throw. */
  readonly maxAttempts: number;
  /** How many before this one threw. */
  readonly failures: number;
  /** What it was started with. */
  readonly inputs: JsonValue;
  /** What its handler stored in an earlier attempt. */
  readonly checkpoint?: JsonValue | undefined;
  /** What its starter attached. */
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** The trace it belongs to. */
  readonly traceparent: string | null;
  /** The execution that started it. */
  readonly parentId: string | null;
  /** How long the attempt may take, in milliseconds. */
  readonly timeoutMs: number | null;
  /** For a workflow: its program, where it stands, and what happened since. */
  readonly flow: ClaimedFlow | null;
}

/** What a workflow needs to continue. */
export interface ClaimedFlow {
  /** The hash of its program. */
  readonly program: string;
  /** Which version of the flow it is. */
  readonly version: JsonValue;
  /** How often it has been suspended. */
  readonly seq: number;
  /** Its state; nothing: it has not begun. */
  readonly snapshot: JsonValue | null;
  /** What it waited for and is settled now. */
  readonly settled: readonly Settled[];
  /** The source of its random numbers and ids. */
  readonly seed: string;
  /** How often it was started again, or put back to an earlier step. */
  readonly epoch: number;
  /** Why it must end, after its `finally` blocks; nothing: it continues. */
  readonly cancelReason: string | null;
  /** What an operation changes before its next step. */
  readonly change?: StateChange;
}

/** What an operation changes in the state of a workflow. */
export interface StateChange {
  /** The operation. */
  readonly action: "migrate" | "repair";
  /** How. */
  readonly args: JsonObject;
  /** The hash of the program to which it goes, if that is named. */
  readonly program?: string;
  /** The version of that program. */
  readonly version?: number;
}

/** Something a workflow waited for, settled. */
export type Settled =
  | { readonly id: string; readonly status: "completed"; readonly output: JsonValue; readonly ask?: true }
  | { readonly id: string; readonly status: "failed"; readonly error: ExecutionError };

/** How an execution ended, or why a worker gave it back. */
export type Outcome =
  & Lease
  & {
    /** Whether a workflow started it, which may go on now. */
    readonly hasParent?: boolean;
    /** What was claimed. */
    readonly claimed?: Claimed;
    /** How long its handler ran, in milliseconds. */
    readonly tookMs?: number;
  }
  & (
    | { readonly status: "completed"; readonly output: string; readonly flow?: FlowOutcome }
    | {
      readonly status: "failed";
      readonly error: ExecutionError;
      readonly retryable: boolean;
      readonly flow?: FlowOutcome;
    }
    | { readonly status: "suspended"; readonly flow: FlowOutcome }
    | { readonly status: "continued"; readonly inputs: string; readonly flow?: FlowOutcome }
    | { readonly status: "cancelled"; readonly flow?: FlowOutcome }
    | { readonly status: "released"; readonly reason: string; readonly delayMs: number }
  );

/** What a step of a workflow leaves behind. */
export interface FlowOutcome {
  /** When it was taken, ISO 8601; nothing: its moment does not matter. */
  readonly moment?: string;
  /** Why it was cancelled, if the step was told of that. */
  readonly cancelReason?: string;
  /** Its state. */
  readonly snapshot: JsonValue | null;
  /** What it started, in program order. */
  readonly effects: readonly JsonValue[];
  /** What it waits for. */
  readonly waits: readonly JsonValue[];
  /** What it started and can no longer observe. A wait among these must not take a signal. */
  readonly released: readonly string[];
  /** The line of each branch in the source, with its variables; for people. */
  readonly stack?: JsonValue;
  /** Whether it has a `finally` block to run if it is cancelled. */
  readonly cleanup?: boolean;
}

/** The end of a task, or a timer that is due, together with the step of its workflow. */
export interface StepEnd {
  /** The task or the timer. */
  readonly id: string;
  /** Of a task, the call that leased it and its output, as JSON text; nothing: it is a timer. */
  readonly task?: { readonly call: number; readonly output: string };
  /** The workflow. */
  readonly flow: string;
  /** How often it had been suspended before this step. */
  readonly seq: number;
  /** The time of the step, ISO 8601. */
  readonly moment: string;
  /** How it ended; nothing: it waits. */
  readonly result?: JsonValue;
  /** Its state and what it waits for; nothing: it has ended. */
  readonly rest?: {
    readonly snapshot: JsonValue;
    readonly wait: { readonly mode: string; readonly ids: readonly string[] };
    /** Whether it has a `finally` block to run if it is cancelled. */
    readonly cleanup: boolean;
    /** The timers that it started. */
    readonly timers: readonly FlowTimer[];
    /** What it can no longer observe. */
    readonly released: readonly string[];
  };
  /** The tasks that it started. */
  readonly children: readonly FlowChild[];
}

/** A task that a workflow started. */
export interface FlowChild {
  /** The execution. */
  readonly id: string;
  /** The task's name and options, which it may share with others. */
  readonly kind: JsonObject;
  /** What it is started with. */
  readonly inputs: JsonValue;
  /** The trace it belongs to. */
  readonly traceparent: string | null;
}

/** A timer that a workflow started. */
export interface FlowTimer {
  /** The timer. */
  readonly id: string;
  /** When it is due. */
  readonly at: string;
  /** Whether this worker keeps it. */
  readonly kept: boolean;
}

/** What goes to the engine in one call. */
export interface Ends {
  /** How executions ended. */
  readonly outcomes: readonly Outcome[];
  /** Steps of workflows that are open in memory. */
  readonly steps: readonly StepResult[];
  /** Timers that this worker kept. The engine must wake their workflows. */
  readonly fired: readonly string[];
  /** Timers that this worker kept and now leaves to the engine. */
  readonly left: readonly string[];
}

/** What a worker wants of a call. */
export interface Want {
  /** How many executions it may claim; 0: none. */
  readonly limit: number;
  /** How many executions that the call itself makes or wakes may be leased to it. */
  readonly lease: number;
  /** Whether the worker will sleep if there are none, and wants to be woken. */
  readonly sleeps: boolean;
}

/** One call of `exchange()`. The same call, sent again, gives the same answer. */
export interface Call {
  /** Its number: each is greater than the one before. */
  readonly number: number;
  /** When it was sent first, by the monotonic clock, in milliseconds. */
  readonly askedAt: number;
  /** What has ended. */
  readonly ends: Ends;
  /** What the worker wants. */
  readonly want: Want;
}

/** The result of a call. */
export interface Answer {
  /** The time of the server, in milliseconds since 1970. */
  readonly now: number;
  /** Ends that changed nothing: the lease was lost, or the execution was over. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** Ends that have changed nothing yet: send them again, alone. */
  readonly declined: ReadonlySet<string>;
  /** Of these, the timers that are not due yet by the server's clock: in how many milliseconds they are. */
  readonly early: ReadonlyMap<string, number>;
  /** Failed attempts that are repeated, and in how many milliseconds. */
  readonly retried?: Readonly<Record<string, number>> | undefined;
  /** What is leased to this worker now. */
  readonly claimed: readonly Claimed[];
  /** How many of these the call did not make itself. */
  readonly found: number;
}

/** A task that has been ready for a while, and no worker has a handler for. */
export interface Unserved {
  /** The queue. */
  readonly queue: string;
  /** The task. */
  readonly target: string;
  /** How many executions. */
  readonly executions: number;
  /** How long the oldest has been ready. */
  readonly seconds: number;
}

/** The answer to a heartbeat. */
export interface Beat {
  /** Executions that are cancelled, and why. */
  readonly cancelled: readonly { readonly id: string; readonly reason: string }[];
  /** Executions that the worker named and does not hold any more. */
  readonly lost: readonly string[];
  /** Whether the worker is registered; if not, its leases are gone. */
  readonly alive: boolean;
  /** How long a sleeping worker may wait between two ticks, in milliseconds. Sleeping workers take turns. */
  readonly turnMs: number;
}

/** What the engine says to a tick. */
export interface Ticked {
  /** Milliseconds until the next thing is due; nothing: nothing is. */
  readonly ms: number | null;
  /** Whether it wrote anything; if not, it made nothing ready. */
  readonly wrote: boolean;
  /** What it ended as failed without a report of a worker; nothing: none. */
  readonly failed?: readonly FailedAlone[] | null;
}

/** An execution that failed although no worker said so: it was lost too often, ran past its timeout, or ran in SQL. */
export interface FailedAlone
  extends Pick<Claimed, "id" | "kind" | "target" | "queue" | "attempt" | "traceparent"> {
  /** Why. */
  readonly error: ExecutionError;
}

/** What a worker hears from the engine. */
export interface EngineEars {
  /** There may be work. */
  readonly onWork: () => void;
  /** Something may be due sooner than the last tick said. */
  readonly onDue: () => void;
  /** Something in flight must stop. */
  readonly onStop: () => void;
  /** Nothing of this will be heard: behind a pooler in transaction mode. */
  readonly onDeaf: () => void;
}

/** The steps of workflows in TypeScript, as one worker sees them. */
export interface StepEngine {
  /** Reads the steps of workflows, in the order in which they ended. */
  load(executions: readonly string[]): Promise<readonly StepRow[]>;
  /** Stores steps, all of them or none; gives those that changed nothing. */
  save(steps: readonly StepNews[]): Promise<readonly RefusedStep[]>;
  /** Runs a step in the transaction that stores it; false: it changed nothing, and nothing of it stays. */
  saveInTransaction(body: (sql: SqlTag) => Promise<StepNews>): Promise<boolean>;
}

/** What a task leaves to its next attempt. */
export interface Checkpoint {
  /** JSON as text. */
  readonly value: string;
  /** Which one of its attempt this is: an older one than the engine has changes nothing. */
  readonly nth: number;
}

/** The engine as one worker sees it. */
export interface Engine {
  /** The steps of workflows in TypeScript; an engine for a worker that has none can do without. */
  readonly steps?: StepEngine;
  /** Registers the worker, also again after it counted as dead. */
  register(): Promise<void>;
  /** Calls back whenever there is news; returns what ends that. */
  listen(ears: EngineEars): Promise<() => Promise<void>>;
  /** Settles what this worker did and returns its next work, in one commit. One call at a time. */
  exchange(call: Call): Promise<Answer>;
  /** Runs a handler in the transaction that then settles its execution. */
  settleInTransaction(claimed: Claimed, body: (sql: SqlTag) => Promise<Outcome>): Promise<void>;
  /**
   * Sends a heartbeat, and says what this worker believes it holds: executions, and the calls that leased them. What it
   * does not name goes back to its queue. It also tells what ended since the last one.
   */
  beat(holds: ReadonlyMap<string, number>, rates: readonly Rate[]): Promise<Beat>;
  /** Tasks in this worker's queues that have been ready for a while and that no worker can run; notes it on the executions. */
  unserved(afterMs: number): Promise<readonly Unserved[]>;
  /** Does a part of what is due. */
  tick(part: TickPart): Promise<Ticked>;
  /** Stores log lines and progress. */
  report(report: Report): Promise<readonly string[]>;
  /** Stores what a task leaves to its next attempt; false: the lease is lost. */
  checkpoint(lease: Lease, checkpoint: Checkpoint): Promise<boolean>;
  /** Reads a program. */
  program(hash: string): Promise<JsonValue | null>;
  /** Stores the state of a leased workflow that an operation changes; nothing: the lease is lost. */
  applyChange(change: AppliedChange): Promise<{ readonly seq: number; readonly epoch: number } | null>;
  /** Ends the worker: what is still leased goes back at once. */
  leave(): Promise<void>;
  /** Whether an error says nothing about the call: the connection is gone, the server restarts. */
  isTransient(error: unknown): boolean;
  /** Whether waiting alone does not mend it: a wrong password, no such database. */
  isHopeless(error: unknown): boolean;
  /** Whether the call took too long: one that does less may go through. */
  isTooSlow(error: unknown): boolean;
  /** Whether an error says that this worker was silent for too long, and has to register again. */
  isGivenUp(error: unknown): boolean;
}
