import { arrayText, ask, type EngineRef } from "./engine_ref.ts";
import type { ParcelRow } from "./worker.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";

/** What a step of a workflow in TypeScript is. */
export type StepKind = "step" | "sleep" | "signal" | "task" | "workflow";

/** A step as it was saved. */
export interface StepRow {
  /** Its workflow. */
  readonly execution_id: string;
  /** Its name, unique in the workflow. */
  readonly name: string;
  /** A function, or something that is waited for. */
  readonly kind: StepKind;
  /** Over, or not yet. */
  readonly status: "waiting" | "retrying" | "completed" | "failed";
  /** The order in which it ended. */
  readonly seq: number | null;
  /** How often its function was run. */
  readonly attempts: number;
  /** What settles it. */
  readonly wait_id: string | null;
  /** Whether its sleep or pause is over. */
  readonly is_due: boolean;
  /** Why it failed. */
  readonly error: JsonObject | null;
  /** What it returned. */
  readonly output: JsonValue | null;
  /** Whether it returned anything: JSON knows no undefined. */
  readonly has_output: boolean;
}

/** How a step ended, or what it waits for. */
export interface StepNews {
  /** Its workflow. */
  readonly execution_id: string;
  /** The call that leased the workflow. */
  readonly call?: number;
  /** Its name. */
  readonly name: string;
  /** A function, or something that is waited for. */
  readonly kind: StepKind;
  /** Over, or not yet. */
  readonly status: StepRow["status"];
  /** The order in which it ended; only what is over has one. */
  readonly seq?: number;
  /** How often its function was run. */
  readonly attempts?: number;
  /** The id of the timer, of the wait for a signal, of the child. */
  readonly wait_id?: string;
  /** How long it sleeps, pauses, or waits for a signal. */
  readonly delay_ms?: number;
  /** Until when it sleeps. */
  readonly until?: string;
  /** How long the function ran. */
  readonly took_ms?: number;
  /** The signal it waits for. */
  readonly signal?: string;
  /** The child, as `create_many()` takes it. */
  readonly child?: JsonObject;
  /** What the workflow is found by from then on. */
  readonly variables?: JsonObject;
  /** What it answers: the wait that took the question, and a value or an error. */
  readonly answer?: JsonObject;
  /** Why it failed. */
  readonly error?: unknown;
  /** What it returned, as JSON text. */
  readonly output?: string;
  /** It returned nothing. */
  readonly is_undefined?: boolean;
}

/** A step that changed nothing: the lease was lost, or it is over already. */
export interface RefusedStep {
  /** Its workflow. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
}

/** Reads the steps of workflows, in the order in which they ended; those that are not over come last. */
export async function loadSteps(engine: EngineRef, executions: readonly string[]): Promise<StepRow[]> {
  return await ask<StepRow>(
    engine,
    `select s.execution_id, s.name, s.kind, s.status, s.seq, s.attempts, s.wait_id, s.is_due, s.error, s.output,
      s.output is not null as has_output
    from rhythm.load_steps($1::text::uuid[]) as s`,
    [arrayText(executions)],
  );
}

/** Stores steps, all of them in one transaction; gives those that changed nothing. */
export async function saveSteps(
  engine: EngineRef,
  worker: string,
  steps: readonly StepNews[],
): Promise<RefusedStep[]> {
  const [row] = await ask<{ refused: RefusedStep[] }>(
    engine,
    "select rhythm.save_steps($1::text::uuid, $2::text::jsonb) as refused",
    [worker, stepsText(steps)],
  );
  return row!.refused;
}

/** Leases one workflow; nothing: it runs elsewhere, is suspended, or is over. The same call again gives the same answer. */
export async function claimExecution(
  engine: EngineRef,
  worker: string,
  { execution, call }: { readonly execution: string; readonly call: number },
): Promise<ParcelRow | undefined> {
  const [row] = await ask<{ answer: { parcels: ParcelRow[] } }>(
    engine,
    "select rhythm.claim_execution($1::text::uuid, $2::text::uuid, $3::text::integer) as answer",
    [worker, execution, String(call)],
  );
  return row!.answer.parcels[0];
}

/** Makes a workflow in TypeScript known; `options` as JSON text, null: as they are. Gives its version. */
export async function registerWorkflow(
  engine: EngineRef,
  name: string,
  options: string | null,
  deploy: string | null = null,
): Promise<number> {
  const [row] = await ask<{ version: number }>(
    engine,
    "select rhythm.register_workflow($1::text, $2::text::jsonb, $3::text) as version",
    [name, options, deploy],
  );
  return row!.version;
}

// What is JSON text already is not parsed again.
function stepsText(steps: readonly StepNews[]): string {
  let text = "";
  for (const { output, ...step } of steps) {
    const head = JSON.stringify(step);
    text += `${text === "" ? "[" : ","}${
      output === undefined ? head : `${head.slice(0, -1)},"output":${output}}`
    }`;
  }
  return text === "" ? "[]" : `${text}]`;
}
