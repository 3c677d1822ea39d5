import type { RefusedStep, StepNews, StepRow } from "../../db/calls/steps.ts";
import type { ExecutionError, ExecutionType, SqlTag } from "../../define/mod.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";
import type { Report } from "./reporter.ts";

/** One execution that this worker has leased. */
export interface Claimed {
  /** The execution. */
  readonly id: string;
  /** A task or a workflow. */
  readonly kind: ExecutionType;
  /** The task's or flow's name. */
  readonly target: string;
  /** The queue it came from. */
  readonly queue: string;
  /** Which attempt this is. */
  readonly attempt: number;
  /** How many there may be. */
  readonly maxAttempts: number;
  /** What it was started with. */
  readonly inputs: JsonValue;
  /** What its starter attached. */
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** The trace it belongs to. */
  readonly traceparent: string | null;
  /** The execution that started it. */
  readonly parentId: string | null;
  /** When it was created. */
  readonly createdAt: Date | string;
  /** How long the attempt may take, in milliseconds. */
  readonly timeoutMs: number | null;
  /** For a workflow: its program, where it stands, and what happened since. */
  readonly flow: ClaimedFlow | null;
}

/** What a workflow needs to go on. */
export interface ClaimedFlow {
  /** The hash of its program. */
  readonly program: string;
  /** Which version of the flow it is. */
  readonly version: JsonValue;
  /** How often it has been suspended. */
  readonly seq: number;
  /** Where it stands; nothing: at its beginning. */
  readonly snapshot: JsonValue | null;
  /** What it waited for and is settled now. */
  readonly settled: readonly Settled[];
  /** Why it is to end, running its `finally` blocks first; nothing: it goes on. */
  readonly cancelReason: string | null;
}

/** Something a workflow waited for, settled. */
export type Settled =
  | { readonly id: string; readonly status: "completed"; readonly output: JsonValue }
  | { readonly id: string; readonly status: "failed"; readonly error: ExecutionError };

/** How an execution ended, or why a worker let go of it. */
export type Outcome =
  & {
    /** The execution. */
    readonly id: string;
    /** The attempt that ended so. */
    readonly attempt: number;
    /** For a workflow: how often it had been suspended when it was leased. A settle that is repeated is known by it. */
    readonly seq?: number;
    /** Whether a workflow started it, which may go on now. */
    readonly hasParent?: boolean;
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
    | { readonly status: "cancelled"; readonly flow?: FlowOutcome }
    | { readonly status: "released"; readonly reason: string; readonly delayMs: number }
  );

/** What a step of a workflow leaves behind. */
export interface FlowOutcome {
  /** Where it stands. */
  readonly snapshot: JsonValue | null;
  /** What it asked for, in program order. */
  readonly effects: readonly JsonValue[];
  /** What lets it go on. */
  readonly waits: readonly JsonValue[];
  /** What it asked for and nothing can observe any more: a wait among them must not take a signal. */
  readonly released: readonly string[];
  /** Where each fibre stands in the source, with its variables; for people. */
  readonly stack?: JsonValue;
  /** Whether it has a `finally` block to run if it is cancelled. */
  readonly cleanup?: boolean;
}

/** What became of a batch of outcomes. */
export interface Settlement {
  /** Outcomes that changed nothing, because the lease was lost or the execution was over. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** Work that the batch made, leased to this worker already: children, and workflows that can go on. */
  readonly claimed: readonly Claimed[];
}

/** The end of a task, or a timer that is due, together with how far its workflow went on with it. */
export interface StepEnd {
  /** The task or the timer. */
  readonly id: string;
  /** Of a task, its attempt and its output, as JSON text; nothing: it is a timer. */
  readonly task?: { readonly attempt: number; readonly output: string };
  /** The workflow. */
  readonly flow: string;
  /** How often that had been suspended before it went on. */
  readonly seq: number;
  /** How it ended; nothing: it waits. */
  readonly result?: JsonValue;
  /** Where it stands and what it waits for; nothing: it is over. */
  readonly rest?: {
    readonly snapshot: JsonValue;
    readonly wait: { readonly mode: string; readonly ids: readonly string[] };
    /** Whether it has a `finally` block to run if it is cancelled. */
    readonly cleanup: boolean;
    /** The timers that it started. */
    readonly timers: readonly FlowTimer[];
    /** What nothing in it can observe any more. */
    readonly released: readonly string[];
  };
  /** The tasks that it started. */
  readonly children: readonly FlowChild[];
}

/** A task that a workflow started. */
export interface FlowChild {
  /** The execution. */
  readonly id: string;
  /** The task's name, and how it is to run: what it may have in common with others. */
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

/** What the worker cannot know by itself of a task that its workflow started. */
export interface LeasedChild {
  /** The execution. */
  readonly id: string;
  /** The queue. */
  readonly queue: string;
  /** How many attempts there may be. */
  readonly maxAttempts: number;
  /** How long an attempt may take, in milliseconds. */
  readonly timeoutMs: number | null;
}

/** What became of ends that were settled together with what followed. */
export interface StepSettlement {
  /** Tasks and timers of which nothing was changed: to be settled alone. */
  readonly declined: readonly string[];
  /** Of these, the timers that are not due yet by the server's clock: in how many milliseconds they are. */
  readonly early: ReadonlyMap<string, number>;
  /** Children that are leased to this worker already. */
  readonly leased: ReadonlyMap<string, LeasedChild>;
}

/** One execution that is leased to this worker, as the engine knows it. */
export interface Held {
  /** The execution. */
  readonly id: string;
  /** Which attempt this is. */
  readonly attempt: number;
  /** For a workflow: how often it has been suspended. */
  readonly seq: number | null;
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

/** What the engine says to a worker's sign of life. */
export interface Beat {
  /** Executions that are to stop, and why. */
  readonly stop: readonly {
    readonly id: string;
    readonly reason: "cancelled" | "lost";
    readonly message?: string;
  }[];
  /** Whether the engine still counts on this worker; otherwise its leases are gone. */
  readonly alive: boolean;
  /** How long a worker that sleeps may wait between two ticks, in milliseconds: sleepers take turns. */
  readonly turnMs: number;
}

/** What the engine says to a tick. */
export interface Ticked {
  /** Milliseconds until the next thing is due; nothing: nothing is. */
  readonly ms: number | null;
  /** Whether it wrote anything; if not, it made nothing ready. */
  readonly wrote: boolean;
}

/** What a worker hears from the engine. */
export interface EngineEars {
  /** There may be work. */
  readonly onWork: () => void;
  /** Something may be due sooner than the last tick said. */
  readonly onDue: () => void;
  /** Something in flight is to stop. */
  readonly onStop: () => void;
}

/** The steps of code-first workflows, as one worker sees them. */
export interface StepEngine {
  /** Reads the steps of workflows, in the order in which they ended. */
  load(executions: readonly string[]): Promise<readonly StepRow[]>;
  /** Stores steps, all of them or none; gives those that changed nothing. */
  save(steps: readonly StepNews[]): Promise<readonly RefusedStep[]>;
  /** Runs a step in the transaction that stores it; false: it changed nothing, and nothing of it stays. */
  saveInTransaction(body: (sql: SqlTag) => Promise<StepNews>): Promise<boolean>;
}

/** The engine as one worker sees it. */
export interface Engine {
  /** The steps of code-first workflows; an engine for a worker that has none can do without. */
  readonly steps?: StepEngine;
  /** Makes the worker known, anew if it was given up. */
  register(): Promise<void>;
  /** Calls back whenever there is news; returns what ends that. */
  listen(ears: EngineEars): Promise<() => Promise<void>>;
  /** Leases up to so many executions. `idle`: the worker will sleep if there are none, and wants to be woken. */
  claim(limit: number, phase: "busy" | "idle"): Promise<readonly Claimed[]>;
  /** Commits outcomes, all of them or none; may lease up to so many executions that they made. */
  settle(outcomes: readonly Outcome[], capacity: number): Promise<Settlement>;
  /** Commits ends of tasks, and timers, with the next step of their workflows, all of those that fit or none. */
  settleSteps(ends: readonly StepEnd[], capacity: number): Promise<StepSettlement>;
  /** Fires timers that this worker keeps; may lease up to so many of the workflows that go on. */
  fireKept(timers: readonly string[], capacity: number): Promise<readonly Claimed[]>;
  /** Leaves timers to others that this worker kept. */
  releaseKept(timers: readonly string[]): Promise<void>;
  /** Runs a handler in the transaction that then settles its execution. */
  settleInTransaction(claimed: Claimed, body: (sql: SqlTag) => Promise<Outcome>): Promise<Settlement>;
  /** Gives a sign of life. */
  beat(): Promise<Beat>;
  /** What is leased to this worker. */
  held(): Promise<readonly Held[]>;
  /** What has been ready for so long in this worker's queues, and nobody can run; notes it on the executions. */
  unserved(afterMs: number): Promise<readonly Unserved[]>;
  /** Does what is due. */
  tick(): Promise<Ticked>;
  /** Stores log lines and progress. */
  report(report: Report): Promise<void>;
  /** Reads a program. */
  program(hash: string): Promise<JsonValue | null>;
  /** Takes leave: what is still leased goes back at once. */
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
