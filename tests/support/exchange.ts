/**
 * What a worker says to the engine, in the words of tests/sql/helpers.sql, for tests that speak SQL themselves.
 *
 * @module
 */
import type postgres from "postgres";

/** A leased execution, out of a parcel. */
export interface Leased {
  id: string;
  type: string;
  target: string;
  attempt: number;
  call: number;
  seq: number | null;
  inputs: unknown;
  settled: unknown[] | null;
  cancelReason: string | null;
}

/** The answer of an exchange. */
export interface Answer {
  call: number;
  refused: { id: string; reason: string }[];
  declined: string[];
  early: Record<string, number>;
  problem?: string;
  again?: boolean;
  parcels: Parcel[];
}

interface Parcel {
  common: { type: string; target: string; attempt: number; cancel_reason?: string };
  ids: string[];
  inputs: unknown[] | null;
  states?: { seq: number; settled: unknown[]; cancel_reason: string | null }[];
}

/** What a worker hands back; see exchange(). */
export type End = { kind: "done" | "outcome" | "steps" | "fire" | "leave"; [more: string]: unknown };

/** How many calls each worker has made, also those that came to nothing. */
const calls = new Map<string, number>();

/** One exchange, with the next number of its worker. */
export async function exchange(
  sql: postgres.Sql,
  worker: string,
  ends: readonly End[] = [],
  want: Record<string, unknown> = {},
): Promise<Answer> {
  const call = (calls.get(worker) ?? 0) + 1;
  calls.set(worker, call);
  const [row] = await sql.unsafe(
    "select rhythm.exchange($1::uuid, $2, $3::text::jsonb, $4::text::jsonb) as answer",
    [
      ...[worker, call],
      ...[JSON.stringify(ends), JSON.stringify(want)],
    ],
  );
  return row?.answer;
}

/** The executions in the parcels of an answer. */
export function unpack(answer: Answer): Leased[] {
  return answer.parcels.flatMap(({ common, ids, inputs, states }) =>
    ids.map((id, nth) => ({
      ...{ id, type: common.type, target: common.target, attempt: common.attempt, call: answer.call },
      seq: states?.[nth]?.seq ?? null,
      inputs: inputs?.[nth] ?? null,
      settled: states?.[nth]?.settled ?? null,
      cancelReason: common.cancel_reason ?? states?.[nth]?.cancel_reason ?? null,
    }))
  );
}

/** Leases up to so many executions: again if it came to nothing, as a worker does on a busy server. */
export async function claim(
  sql: postgres.Sql,
  worker: string,
  limit = 10,
  want: Record<string, unknown> = {},
): Promise<Leased[]> {
  const end = performance.now() + 60_000;
  for (;;) {
    try {
      return unpack(await exchange(sql, worker, [], { limit, ...want }));
    } catch (error) {
      if ((error as { code?: string }).code !== "55P03" || performance.now() > end) throw error;
    }
  }
}

/** The call that leased an execution; of one that is not leased, a call that never was. */
export async function callOf(sql: postgres.Sql, id: string): Promise<number> {
  const [row] = await sql`
    select b.call from rhythm.execution as e
    left join rhythm.workflow_state as s on s.execution_id = e.id
    join rhythm.batch as b on b.id = coalesce(e.batch_id, s.batch_id)
    where e.id = ${id}`;
  return row?.call ?? 999_999;
}
