import type { JsonValue } from "../../shared/json.ts";
import { arrayText, ask, type EngineRef } from "./engine_ref.ts";

/** A question to a workflow as the view `asks` has it. */
export interface AskRow {
  /** Its number. */
  readonly id: string;
  /** The workflow. */
  readonly executionId: string;
  /** Its flow. */
  readonly target: string;
  /** The name of the signal. */
  readonly name: string;
  /** What was asked. */
  readonly payload: JsonValue;
  /** The key under which it is asked once. */
  readonly idempotencyKey: string | null;
  /** How far it is. */
  readonly status: "open" | "answered" | "rejected" | "unanswered";
  /** Whether the workflow has taken it. */
  readonly taken: boolean;
  /** The answer. */
  readonly answer: JsonValue;
  /** Why there is none. */
  readonly error: { type: string; message: string; code?: string; data?: JsonValue } | null;
  /** When it was asked. */
  readonly askedAt: Date;
  /** When it was answered. */
  readonly answeredAt: Date | null;
}

/** Asks a workflow; the payload is JSON text. Gives the number of the question. */
export async function askWorkflow(
  engine: EngineRef,
  question: { id: string; name: string; payload: string; idempotencyKey: string },
): Promise<string> {
  const [row] = await ask<{ id: string }>(
    engine,
    "select rhythm.ask($1::text::uuid, $2::text, $3::text::jsonb, $4::text)::text as id",
    [question.id, question.name, question.payload, question.idempotencyKey],
  );
  return row!.id;
}

/** Reads questions by their numbers. */
export async function readAsks(engine: EngineRef, ids: readonly string[]): Promise<AskRow[]> {
  return await ask<AskRow>(
    engine,
    `select a.id::text, a.execution_id as "executionId", a.target, a.name, a.payload, a.idempotency_key as "idempotencyKey", a.status,
      a.taken, a.answer, a.error, a.asked_at as "askedAt", a.answered_at as "answeredAt"
    from rhythm.asks as a where a.id = any ($1::text::bigint[])`,
    [arrayText(ids)],
  );
}

/** Answers a question in place of its workflow, or rejects it; the answer is JSON text. False: it was answered already. */
export async function answerAsk(
  engine: EngineRef,
  id: string,
  { answer, error }: { answer: string; error: string | null },
): Promise<boolean> {
  const [row] = await ask<{ changed: boolean }>(
    engine,
    "select rhythm.answer_ask($1::text::bigint, $2::text::jsonb, $3::text) as changed",
    [id, answer, error],
  );
  return row!.changed;
}
