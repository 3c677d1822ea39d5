import { ask } from "../../db/calls/engine_ref.ts";
import { readFlowState, readWorkers } from "../../db/calls/state.ts";
import { ExecutionNotFoundError } from "../../db/engine_errors.ts";
import type { Execution } from "../../define/mod.ts";
import type { FibreView } from "../../flow/mod.ts";
import { systemClock } from "../../runtime/clock.ts";
import type { Session } from "../session.ts";
import { readSteps, type StepView } from "../steps.ts";

/** Something that a workflow waits for. */
export interface OpenWait {
  /** A task, a workflow, a timer or a signal. */
  kind: string;
  /** The operation, or the execution that is waited for. */
  id: string;
  /** The target or the signal. */
  name: string | null;
  /** Since when. */
  since: Date;
  /** When a timer fires, or a wait for a signal gives up. */
  until: Date | null;
}

/** Where a workflow stands in its source. */
export interface Position {
  /** The flow. */
  name: string;
  /** The number of its version. */
  version: number;
  /** Its text. */
  source: string;
  /** Every suspended activation. */
  fibres: FibreView[];
}

/** Everything that is shown of an execution. */
export interface ExecutionView {
  /** The execution. */
  execution: Execution;
  /** It and all below it, oldest first. */
  tree: Execution[];
  /** The steps of the workflows in code among them. */
  steps: StepView[];
  /** A workflow that is not completed: where it stands. */
  position: Position | null;
  /** What it waits for. */
  waits: OpenWait[];
  /** Queues in which some of them wait and that no worker serves. */
  unserved: UnservedQueue[];
}

/** A queue that no worker serves. */
export interface UnservedQueue {
  /** The queue. */
  queue: string;
  /** How many of the executions that are shown wait in it. */
  executions: number;
}

/** Reads everything about an execution. */
export async function readView(session: Session, id: string): Promise<ExecutionView> {
  const tree = await session.executions.tree(id);
  const execution = tree.find((one) => one.id === id.toLowerCase());
  if (execution === undefined) throw ExecutionNotFoundError.of(id);
  const isWorkflow = execution.type === "workflow";
  return {
    execution,
    tree,
    steps: await readSteps(session, tree.filter(({ type }) => type === "workflow").map(({ id }) => id)),
    position: isWorkflow ? await readPosition(session, execution.id) : null,
    waits: isWorkflow && execution.completedAt === null ? await readWaits(session, execution.id) : [],
    unserved: await readUnserved(session, tree),
  };
}

async function readPosition(session: Session, id: string): Promise<Position | null> {
  const state = await readFlowState(session.engine, id);
  if (state === null) return null;
  const { name, version, source, code, snapshot } = state;
  if (snapshot === null) return { name, version, source, fibres: [] };
  const { inspectFlow } = await import("../../flow/mod.ts");
  return { name, version, source, fibres: inspectFlow(code as never, snapshot as never).fibres };
}

async function readWaits(session: Session, id: string): Promise<OpenWait[]> {
  const rows = await ask<Omit<OpenWait, "since">>(
    session.engine,
    `select w.kind, w.id, w.name, w.until from rhythm.waits as w where w.execution_id = $1::text::uuid order by w.id`,
    [id],
  );
  return rows.map((row) => ({ ...row, since: momentOf(row.id) }));
}

async function readUnserved(session: Session, tree: readonly Execution[]): Promise<UnservedQueue[]> {
  const waiting = Map.groupBy(tree.filter(({ status }) => status === "pending"), ({ queue }) => queue);
  if (waiting.size === 0) return [];
  const workers = await readWorkers(session.engine);
  const now = systemClock.now();
  const alive = workers.filter(({ leaseUntil }) => leaseUntil.getTime() > now);
  // One that names no queues serves all.
  return [...waiting].filter(([queue]) =>
    !alive.some(({ queues }) => queues.length === 0 || queues.includes(queue))
  ).map(([queue, { length }]) => ({ queue, executions: length }));
}

// An id is made when the waiting begins, and carries the time.
function momentOf(id: string): Date {
  return new Date(parseInt(id.replaceAll("-", "").slice(0, 12), 16));
}
