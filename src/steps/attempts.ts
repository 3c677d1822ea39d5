import { type Failure, failureOf } from "../define/failure.ts";
import type { SqlTag } from "../define/mod.ts";
import { isOutage } from "../db/error_kind.ts";
import { toJson } from "../shared/json.ts";
import { TransientStepError } from "./errors.ts";
import { pauseAfter, TRANSIENT_RETRY } from "./pauses.ts";
import type { WorkflowRun } from "./run.ts";
import type { StepCall } from "./step_call.ts";
import { stepError } from "./step_error.ts";
import type { StepNews, StepRow } from "./store.ts";

/**
 * Runs a step that is not over: its function, until it ends or there is no other attempt.
 *
 * @param run the run it belongs to
 * @param call the step
 * @param row what an earlier run left: an attempt after which another one must follow
 * @returns its result, as a replay would give it
 */
export async function runAttempts<T>(
  run: WorkflowRun,
  call: StepCall<T>,
  row: StepRow | undefined,
): Promise<T> {
  if (row !== undefined && !row.is_due) await run.pause(call.name, row.wait_id!, undefined);
  for (let attempt = (row?.attempts ?? 0) + 1;; attempt++) {
    const began = run.clock.monotonic();
    try {
      return await (call.transactional ? commit(run, call, attempt) : perform(run, call, attempt));
    } catch (thrown) {
      const failure = failureOf(thrown);
      const pauseMs = pauseOf(run, call, { thrown, failure, attempt });
      const news = {
        name: call.name,
        kind: "step",
        attempts: attempt,
        took_ms: Math.round(run.clock.monotonic() - began),
        error: stepError(thrown),
      } as const;
      if (pauseMs === "later") throw thrown;
      if (pauseMs === undefined) {
        await run.saveEnd({ ...news, status: "failed" });
        run.noteFailure(call.name, thrown);
        throw thrown;
      }
      const wait_id = run.newId();
      await run.save({ ...news, status: "retrying", wait_id, delay_ms: pauseMs });
      await run.pause(call.name, wait_id, pauseMs);
    }
  }
}

async function perform<T>(run: WorkflowRun, call: StepCall<T>, attempt: number): Promise<T> {
  const began = run.clock.monotonic();
  const value = await call.run(undefined);
  const { news, result } = completed<T>(call.name, value, attempt);
  const { answer, variables } = call;
  const took_ms = Math.round(run.clock.monotonic() - began);
  await run.saveEnd({ ...news, took_ms, ...(variables && { variables }), ...(answer && { answer }) });
  return result;
}

async function commit<T>(run: WorkflowRun, call: StepCall<T>, attempt: number): Promise<T> {
  const began = run.clock.monotonic();
  let result: T;
  await run.saveInTransaction(async (sql: SqlTag) => {
    const ended = completed<T>(call.name, await call.run(sql), attempt);
    result = ended.result;
    return { ...ended.news, took_ms: Math.round(run.clock.monotonic() - began) };
  });
  return result!;
}

// What the code gets now is what it will get from a replay: what JSON makes of the value.
function completed<T>(name: string, value: T, attempts: number): { news: EndNews; result: T } {
  const head = { name, kind: "step", status: "completed", attempts } as const;
  if (value === undefined) return { news: { ...head, is_undefined: true }, result: value };
  const output = toJson(value, { what: `the result of step "${name}"` });
  const result = value !== null && typeof value === "object" ? JSON.parse(output) as T : value;
  return { news: { ...head, output }, result };
}

type EndNews = Omit<StepNews, "execution_id" | "seq">;

function pauseOf<T>(
  run: WorkflowRun,
  call: StepCall<T>,
  end: { thrown: unknown; failure: Failure; attempt: number },
): number | undefined | "later" {
  if (call.retry !== undefined) {
    return end.failure.retryable ? pauseAfter(call.retry, end.attempt, run.clock.random()) : undefined;
  }
  // A transaction that could not be committed, for no fault of the step.
  if (call.transactional && isOutage(end.thrown)) {
    return pauseAfter(TRANSIENT_RETRY, end.attempt, run.clock.random());
  }
  if (!(end.thrown instanceof TransientStepError)) return undefined;
  return run.transient === "throw" ? "later" : pauseAfter(TRANSIENT_RETRY, end.attempt, run.clock.random());
}
