import { systemClock } from "../../runtime/clock.ts";
import {
  type Effect,
  type ErrorJson,
  type OpenFlow,
  openFlow,
  type Program,
  type Settled,
  type StepMoment,
} from "../../flow/mod.ts";
import type { JsonValue } from "../../shared/json.ts";
import { durationMs } from "../../shared/duration.ts";
import { backoffMs, retryPolicyOf } from "../../define/retry.ts";
import { Uuids } from "../../define/uuid.ts";
import { DEFAULT_ATTEMPTS } from "../../shared/limits.ts";
import type { Answers } from "./answers.ts";
import type { SimulationClock } from "./simulation_clock.ts";

/** How an execution of a simulation ended. */
export type SimulatedEnd =
  | { status: "completed"; output: JsonValue }
  | {
    status: "failed" | "cancelled";
    error: ErrorJson & { at?: { line: number; column: number } };
  };

/** What happens in a simulation, as it happens. */
export type SimulatedEvent =
  | { type: "started"; kind: "task" | "workflow"; target: string; inputs: JsonValue; depth: number }
  | {
    type: "ended";
    kind: "task" | "workflow";
    target: string;
    end: SimulatedEnd;
    attempt: number;
    depth: number;
  }
  | { type: "retried"; target: string; error: ErrorJson; attempt: number; depth: number }
  | { type: "timer"; until: Date; depth: number }
  | { type: "fired"; depth: number }
  | { type: "awaited"; name: string; until: Date | undefined; depth: number }
  | { type: "received"; name: string; payload: JsonValue; depth: number }
  | { type: "timed out"; name: string; depth: number }
  | { type: "sent"; name: string; payload: JsonValue; depth: number }
  | { type: "log"; level: string; message: string; depth: number };

/** What a simulation needs. */
export interface SimulationParts {
  /** What tasks and signals give. */
  readonly answers: Answers;
  /** The time. */
  readonly clock: SimulationClock;
  /** Finds the program of a child workflow. */
  readonly program: (flow: string) => Promise<Program | undefined>;
  /** Hears what happens. */
  readonly observe: (event: SimulatedEvent) => void;
}

interface Execution {
  readonly id: string;
  readonly flow: string;
  readonly depth: number;
  readonly parent?: { execution: Execution; operation: string };
  open?: OpenFlow;
  program?: Program;
  /** How often it started over. */
  rounds: number;
  /** How many steps it took. */
  steps: number;
  end?: SimulatedEnd;
  /** Signals that nobody took yet. */
  readonly mailbox: { name: string; payload: JsonValue }[];
  /** Operations that wait for a signal. */
  readonly waits: Map<string, string>;
  /** Operations that nothing observes any more. */
  readonly released: Set<string>;
}

interface Due {
  readonly at: number;
  readonly happen: () => void | Promise<void>;
}

type RunEffect = Extract<Effect, { type: "run_task" | "run_workflow" }>;

/** Runs flows in this process, in a time of their own: what the engine and its workers do, without either. */
export class Simulation {
  readonly #parts: SimulationParts;
  readonly #ids: Uuids;
  readonly #seed = systemClock.uuid();
  readonly #executions = new Map<string, Execution>();
  #main: Execution | undefined;
  readonly #due: Due[] = [];
  /** Waits for signals that somebody was asked about. */
  readonly #declined = new Set<string>();

  /** @param parts answers, clock, programs, and who listens */
  constructor(parts: SimulationParts) {
    this.#parts = parts;
    this.#ids = new Uuids({ ...systemClock, now: () => parts.clock.now().getTime() });
  }

  /**
   * Runs a flow to its end.
   *
   * @param flow its name and program
   * @param start its inputs, and the signals that are there already
   */
  async run(
    flow: { name: string; program: Program },
    start: { inputs: JsonValue; signals: readonly { name: string; payload: JsonValue }[] },
  ): Promise<SimulatedEnd> {
    const main = this.#make(flow.name, 0);
    main.mailbox.push(...start.signals);
    this.#main = main;
    this.#begin(main, flow.program, start.inputs);
    while (main.end === undefined || this.#due.length > 0) {
      // Before time passes, asks those who may send a signal.
      const isNow = this.#due.length > 0 && this.#due[0]!.at <= this.#parts.clock.now().getTime();
      if (!isNow && await this.#ask(main)) continue;
      const next = this.#due.shift();
      if (next === undefined) return this.#stuck(main);
      await this.#parts.clock.advanceTo(next.at);
      await next.happen();
    }
    return main.end;
  }

  /** The names of signals that were there from the beginning, and that the flow never took. */
  untaken(): string[] {
    return [...new Set(this.#main?.mailbox.map(({ name }) => name))];
  }

  #make(flow: string, depth: number, parent?: Execution["parent"]): Execution {
    const id = parent?.operation ?? this.#ids.next();
    const made: Execution = {
      id,
      flow,
      depth,
      steps: 0,
      mailbox: [],
      waits: new Map(),
      released: new Set(),
      rounds: 0,
      ...(parent === undefined ? {} : { parent }),
    };
    this.#executions.set(id, made);
    return made;
  }

  #begin(execution: Execution, program: Program, inputs: JsonValue): void {
    const { clock } = this.#parts;
    execution.program = program;
    const context = {
      executionId: execution.id,
      flow: execution.flow,
      version: 1,
      queue: "default",
      attempt: 1,
      parentId: execution.parent?.execution.id ?? null,
      createdAt: clock.now().toISOString(),
      metadata: {},
    };
    const host = {
      executionId: execution.id,
      seed: this.#seed,
      epoch: execution.rounds,
      ...this.#nextStep(execution),
    };
    execution.open = openFlow(program, { inputs, context }, host);
    this.#heed(execution);
  }

  #nextStep(execution: Execution): StepMoment {
    return { step: ++execution.steps, moment: this.#parts.clock.now() };
  }

  #settle(execution: Execution, settled: Settled): void {
    if (execution.end !== undefined) return;
    execution.open!.advance([settled], this.#nextStep(execution));
    this.#heed(execution);
  }

  /** Does what the last step asked for. */
  #heed(execution: Execution): void {
    const { step } = execution.open!;
    for (const id of step.released) {
      execution.released.add(id);
      execution.waits.delete(id);
    }
    for (const effect of step.effects) this.#effect(execution, effect);
    if (step.status === "suspended") return;
    if (step.status === "continued") {
      execution.rounds++;
      return this.#soon(() => this.#begin(execution, execution.program!, step.output ?? null));
    }
    execution.end = step.status === "completed"
      ? { status: "completed", output: step.output ?? null }
      : { status: step.status, error: step.error! };
    if (execution.parent === undefined) return;
    const { parent: { execution: above, operation }, end, flow, depth } = execution;
    this.#parts.observe({ type: "ended", kind: "workflow", target: flow, end, attempt: 1, depth });
    const error = { kind: "workflow", executionId: execution.id, target: flow } as const;
    this.#soon(() => this.#settle(above, settledBy(operation, end, error)));
  }

  #effect(execution: Execution, effect: Effect): void {
    const { observe, clock } = this.#parts;
    const { depth } = execution;
    switch (effect.type) {
      case "log":
        // console.log is what workers store as info.
        return observe({
          type: "log",
          level: effect.level.replace("log", "info"),
          message: effect.message,
          depth,
        });
      case "start_timer": {
        const at = new Date(effect.at);
        observe({ type: "timer", until: at, depth });
        return this.#at(at.getTime(), () => {
          if (execution.end !== undefined || execution.released.has(effect.id)) return;
          observe({ type: "fired", depth });
          this.#settle(execution, { id: effect.id, status: "completed", output: null });
        });
      }
      case "await_signal":
        return this.#awaitSignal(execution, effect);
      case "send_signal":
        observe({ type: "sent", name: effect.name, payload: effect.payload, depth });
        return this.#deliver(effect.executionId, effect.name, effect.payload);
      case "answer":
        // Nobody asks here: signals come from flags and from other flows.
        return;
      default: {
        const { delay, runAt } = effect.options ?? {};
        const now = clock.now().getTime();
        const at = runAt === undefined
          ? now + (delay === undefined ? 0 : durationMs(delay))
          : Date.parse(runAt);
        return this.#at(at, () => this.#runTarget(execution, effect));
      }
    }
  }

  #awaitSignal(execution: Execution, effect: Extract<Effect, { type: "await_signal" }>): void {
    const { id, name, timeoutAt } = effect;
    const until = timeoutAt === undefined ? undefined : new Date(timeoutAt);
    execution.waits.set(id, name);
    this.#parts.observe({ type: "awaited", name, until, depth: execution.depth });
    this.#soon(() => this.#takeSignal(execution, id));
    if (until === undefined) return;
    this.#at(until.getTime(), () => {
      if (!execution.waits.has(id)) return;
      execution.waits.delete(id);
      this.#parts.observe({ type: "timed out", name, depth: execution.depth });
      const error = { type: "TimeoutError", message: `No signal "${name}" came in time` };
      this.#settle(execution, { id, status: "failed", error });
    });
  }

  #takeSignal(execution: Execution, id: string): void {
    const name = execution.waits.get(id);
    const found = execution.mailbox.findIndex((one) => one.name === name);
    if (name === undefined || found < 0) return;
    const { payload } = execution.mailbox.splice(found, 1)[0]!;
    execution.waits.delete(id);
    this.#parts.observe({ type: "received", name, payload, depth: execution.depth });
    this.#settle(execution, { id, status: "completed", output: payload });
  }

  #deliver(executionId: string, name: string, payload: JsonValue): void {
    const execution = this.#executions.get(executionId);
    if (execution === undefined || execution.end !== undefined) return;
    execution.mailbox.push({ name, payload });
    const [id] = [...execution.waits].find(([, waited]) => waited === name) ?? [];
    if (id !== undefined) this.#soon(() => this.#takeSignal(execution, id));
  }

  async #runTarget(execution: Execution, effect: RunEffect): Promise<void> {
    const kind = effect.type === "run_task" ? "task" : "workflow";
    const { target, inputs, id } = effect;
    const depth = execution.depth + 1;
    this.#parts.observe({ type: "started", kind, target, inputs, depth });
    const program = kind === "workflow" ? await this.#parts.program(target) : undefined;
    if (program !== undefined) {
      const child = this.#make(target, depth, { execution, operation: id });
      return this.#begin(child, program, inputs);
    }
    await this.#attempt(execution, effect, 1);
  }

  async #attempt(execution: Execution, effect: RunEffect, attempt: number): Promise<void> {
    const kind = effect.type === "run_task" ? "task" : "workflow";
    const { target, inputs, id, options } = effect;
    const { answers, observe, clock } = this.#parts;
    const depth = execution.depth + 1;
    const log = (level: string, message: string): void =>
      observe({ type: "log", level, message, depth: depth + 1 });
    const answer = await answers.run({ kind, target, inputs, attempt, executionId: id, log });
    const retry = { ...answer.retry, ...retryPolicyOf(options?.retry) };
    const most = retry.maxAttempts ?? DEFAULT_ATTEMPTS;
    if (answer.status === "failed" && answer.retryable && attempt < most) {
      observe({ type: "retried", target, error: answer.error, attempt, depth });
      const pauseMs = backoffMs(retry, attempt, 0);
      return this.#at(clock.now().getTime() + pauseMs, () => this.#attempt(execution, effect, attempt + 1));
    }
    const end: SimulatedEnd = answer.status === "completed"
      ? { status: "completed", output: answer.output }
      : { status: "failed", error: answer.error };
    observe({ type: "ended", kind, target, end, attempt, depth });
    this.#settle(execution, settledBy(id, end, { kind, executionId: id, target, attempt }));
  }

  /** Asks for a signal that is waited for; each wait once. */
  async #ask(main: Execution): Promise<boolean> {
    if (main.end !== undefined) return false;
    for (const execution of this.#executions.values()) {
      if (execution.end !== undefined) continue;
      for (const [id, name] of execution.waits) {
        if (this.#declined.has(id)) continue;
        const asked = await this.#parts.answers.signal(name);
        this.#declined.add(id);
        if (asked === undefined) continue;
        execution.mailbox.push({ name, payload: asked.value });
        this.#soon(() => this.#takeSignal(execution, id));
        return true;
      }
    }
    return false;
  }

  #stuck(main: Execution): SimulatedEnd {
    const names = [...this.#executions.values()].flatMap((one) => [...one.waits.values()]);
    const what = [...new Set(names)].map((name) => `signal "${name}"`).join(", ");
    return main.end ?? {
      status: "failed",
      error: { type: "StuckError", message: `it waits for ${what || "nothing"}, which nobody sends` },
    };
  }

  #soon(happen: Due["happen"]): void {
    this.#at(this.#parts.clock.now().getTime(), happen);
  }

  // What is due at one time happens in the order in which it was asked for.
  #at(at: number, happen: Due["happen"]): void {
    const place = this.#due.findLastIndex((one) => one.at <= at);
    this.#due.splice(place + 1, 0, { at, happen });
  }
}

function settledBy(
  id: string,
  end: SimulatedEnd,
  failed: Pick<ErrorJson, "kind" | "executionId" | "target" | "attempt">,
): Settled {
  return end.status === "completed"
    ? { id, status: "completed", output: end.output }
    : { id, status: "failed", error: { ...end.error, ...failed } };
}
