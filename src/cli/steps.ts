import { ask } from "../db/calls/engine_ref.ts";
import type { Execution, ExecutionError, ExecutionFilter, ExecutionStatus } from "../define/mod.ts";
import type { Tries } from "./format.ts";
import type { Session } from "./session.ts";

/** A step of a workflow in code. */
export interface StepView {
  /** Its workflow. */
  executionId: string;
  /** Its name. */
  name: string;
  /** `pending` while it pauses before another attempt. */
  status: ExecutionStatus;
  /** How often its function was run. */
  attempts: number;
  /** When it began. */
  startedAt: Date;
  /** When it ended. */
  endedAt: Date | null;
  /** What it failed with, or its attempt before the next one. */
  error: ExecutionError | null;
}

/** An execution, or a step: what stands in a tree or a list. */
export type Listed =
  & Pick<
    Execution,
    | "id"
    | "parentId"
    | "target"
    | "status"
    | "queue"
    | "createdAt"
    | "startedAt"
    | "completedAt"
    | "inputs"
    | "progress"
    | "error"
    | "cancelReason"
    | "pausedAt"
    | "pausedBy"
    | "pauseReason"
  >
  & Tries
  & { readonly type: Execution["type"] | "step" };

const MOST = 1_000;

/** The steps of workflows in code, oldest first. What such a workflow waits for is told with its waits and children. */
export async function readSteps(session: Session, workflows: readonly string[]): Promise<StepView[]> {
  return await ask<StepView>(
    session.engine,
    `select s.execution_id as "executionId", s.name, case s.status when 'retrying' then 'pending' else s.status end as status,
      s.attempts, s.started_at as "startedAt", case when s.seq is not null then s.ended_at end as "endedAt", s.error
    from unnest(string_to_array($1::text, ' ')::uuid[]) as w (id)
    join rhythm.steps as s on s.execution_id = w.id and s.kind = 'step'
    order by s.started_at, s.seq limit ${MOST}`,
    [workflows.join(" ")],
  );
}

/** The steps that a filter for the children of a workflow finds. */
export async function stepsUnder(session: Session, filter: ExecutionFilter): Promise<StepView[] | undefined> {
  const { parent, type, target, status, cursor, queue, metadata, createdAfter, createdBefore } = filter;
  const isForExecutions = [type, cursor, queue, metadata, createdAfter, createdBefore].some((one) =>
    one !== undefined
  );
  if (parent === undefined || isForExecutions) return undefined;
  const statuses = typeof status === "string" ? [status] : status;
  const steps = await readSteps(session, [typeof parent === "string" ? parent : parent.id]);
  return steps.filter((step) =>
    (target === undefined || step.name === target) &&
    (statuses === undefined || statuses.includes(step.status))
  );
}

/** A step as it stands in a tree or a list. */
export function listedStep(
  { executionId, name, status, attempts, startedAt, endedAt, error }: StepView,
): Listed {
  return {
    ...{ id: "", parentId: executionId, type: "step", target: name, status, queue: "" },
    ...{
      attempt: attempts,
      maxAttempts: 0,
      failures: 0,
      crashes: 0,
      maxCrashes: 0,
      createdAt: startedAt,
      startedAt,
      completedAt: endedAt,
      inputs: null,
      progress: null,
      error,
      cancelReason: null,
      pausedAt: null,
      pausedBy: null,
      pauseReason: null,
    },
  };
}
