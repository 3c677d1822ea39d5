import { ask } from "../../db/calls/engine_ref.ts";
import { readFlowState } from "../../db/calls/state.ts";
import { ExecutionNotFoundError } from "../../db/engine_errors.ts";
import type { Execution, Reason } from "../../define/mod.ts";
import type { FibreView } from "../../flow/mod.ts";
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
  /** Why it does not continue, or how it ended. */
  reasons: Reason[];
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
    reasons: await session.executions.explain(id),
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

// An id is made when the waiting begins, and carries the time.
function momentOf(id: string): Date {
  return new Date(parseInt(id.replaceAll("-", "").slice(0, 12), 16));
}
