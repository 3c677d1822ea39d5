import type { JsonObject, JsonValue } from "../shared/json.ts";
import type { AdvancedEnd, Claimed, FlowChild, LeasedChild } from "./engine.ts";
import type { FlowEffect, FlowStep, OpenFlow } from "./flow_crew.ts";
import { toStored } from "./flow_effects.ts";

/** A workflow that is suspended in the database and open in memory, at the same place. */
interface Warm {
  readonly claimed: Claimed;
  readonly open: OpenFlow;
  seq: number;
  /** It went on, and that is not settled yet. */
  ahead: boolean;
}

/** The end of a task, and how far its workflow went on with the result. */
export interface Advance {
  /** What is settled. */
  readonly end: AdvancedEnd;
  /** The task. */
  readonly task: Claimed;
  /** Its workflow. */
  readonly flow: Claimed;
  /** Where that stands now. */
  readonly step: FlowStep;
}

/**
 * Workflows kept open between their steps, so that the end of a task and the next step of its workflow are settled
 * together. Only a guess, that nobody else has touched the workflow meanwhile: the engine knows, and declines.
 */
export class WarmFlows {
  readonly #limit: number;
  readonly #flows = new Map<string, Warm>();

  /** @param limit how many to keep */
  constructor(limit = 2_000) {
    this.#limit = limit;
  }

  /** How many there are. */
  get size(): number {
    return this.#flows.size;
  }

  /** Keeps a workflow that was advanced and is about to be settled as suspended, if a task can let it go on alone. */
  keep(claimed: Claimed, open: OpenFlow): void {
    if (!open.step.effects.some(({ type }) => type === "run_task")) return;
    this.#flows.delete(claimed.id);
    this.#flows.set(claimed.id, { claimed, open, seq: claimed.flow!.seq + 1, ahead: false });
    if (this.#flows.size > this.#limit) this.#flows.delete(this.#flows.keys().next().value!);
  }

  /** Forgets a workflow: somebody else may go on with it. */
  forget(id: string): void {
    this.#flows.delete(id);
  }

  /** Forgets all. */
  clear(): void {
    this.#flows.clear();
  }

  /** Goes on with the workflow of a task that completed; nothing: its end is settled alone, and the engine wakes it. */
  follow(task: Claimed, output: string): Advance | undefined {
    const warm = this.#flows.get(task.parentId!);
    if (warm === undefined) return undefined;
    this.#flows.delete(task.parentId!);
    if (
      warm.ahead || warm.open.step.cleanup === true || !isStartedIn(warm.open.step, task.id) ||
      !isEnough(warm.open.step, task.id)
    ) {
      return undefined;
    }
    const step = goOn(warm.open, task.id, output);
    if (step === undefined || !isPlain(step, warm.claimed)) return undefined;
    warm.ahead = true;
    this.#flows.set(warm.claimed.id, warm);
    return { end: endOf(task, output, { warm, step }), task, flow: warm.claimed, step };
  }

  /** Hears that an advance was settled; gives the children that were leased to this worker. */
  settled({ flow, step, end }: Advance, leased: ReadonlyMap<string, LeasedChild>): Claimed[] {
    const warm = this.#flows.get(flow.id);
    // It may have been claimed anew before this answer came: then what is open is further.
    if (warm?.seq === end.seq) {
      if (step.status === "completed") this.#flows.delete(flow.id);
      warm.seq = end.seq + 1;
      warm.ahead = false;
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
}

// A task that this very step started exists: so the step was settled, as it is in memory. Of one that was started
// earlier nobody knows that: the step may have been refused, and taken otherwise by another worker, to the same number.
function isStartedIn({ effects }: FlowStep, id: string): boolean {
  return effects.some((effect) => effect.type === "run_task" && (effect as RunTask).id === id);
}

// Whether the end of one operation, of all that it waits for, lets the workflow go on.
function isEnough({ waits }: FlowStep, id: string): boolean {
  return (waits as Wait[]).some(({ mode, ids }) => (mode === "any" || ids.length === 1) && ids.includes(id));
}

// What the language throws is a defect of its own: the engine wakes the workflow, and it is told where that is told.
function goOn(open: OpenFlow, id: string, output: string): FlowStep | undefined {
  try {
    return open.advance([{ id, status: "completed", output: JSON.parse(output) }]);
  } catch {
    return undefined;
  }
}

// What settle_advanced() takes: tasks that are started, or the end of a workflow that nobody is the parent of. Inputs that
// are null are missing ones to it. A key may stand for another execution, whose end the engine hands on.
function isPlain(step: FlowStep, flow: Claimed): boolean {
  if (step.released.length > 0 || step.cleanup === true) return false;
  if (step.status === "completed") return step.effects.length === 0 && flow.parentId === null;
  return step.status === "suspended" && step.waits.length === 1 &&
    step.effects.every((effect) => effect.type === "run_task" && isSimple(effect as RunTask));
}

function isSimple({ inputs, options }: RunTask): boolean {
  return inputs !== null && (options as JsonObject | undefined)?.idempotencyKey === undefined;
}

function endOf(task: Claimed, output: string, { warm, step }: { warm: Warm; step: FlowStep }): AdvancedEnd {
  const { id: flow, traceparent } = warm.claimed;
  const end = { id: task.id, attempt: task.attempt, output, flow, seq: warm.seq };
  if (step.status === "completed") return { ...end, result: step.output ?? null, children: [] };
  const [wait] = step.waits as Wait[];
  const children = step.effects.map((effect) => childOf(effect as RunTask, traceparent));
  return { ...end, rest: { snapshot: step.snapshot!, wait: wait! }, children };
}

function childOf(effect: RunTask, traceparent: string | null): FlowChild {
  const { id, target, inputs = {} } = effect;
  const { options } = toStored(effect, undefined) as { options?: JsonObject };
  return { id, kind: { ...options, target }, inputs, traceparent };
}

interface RunTask extends FlowEffect {
  readonly id: string;
  readonly target: string;
  readonly inputs?: JsonValue;
}

interface Wait {
  readonly mode: string;
  readonly ids: readonly string[];
}
