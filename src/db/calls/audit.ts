import type { JsonValue } from "../../shared/json.ts";
import { ask, type EngineRef } from "./engine_ref.ts";

/** An act as it is stored. */
export interface StoredAct {
  /** Its number. */
  readonly id: number;
  /** When. */
  readonly at: Date;
  /** Who, if that was said. */
  readonly by: string | null;
  /** The role. */
  readonly role: string;
  /** What. */
  readonly act: string;
  /** To what. */
  readonly kind: string;
  /** To which. */
  readonly target: string | null;
  /** Why. */
  readonly why: string | null;
  /** What changed, before. */
  readonly before: JsonValue;
  /** And afterwards. */
  readonly after: JsonValue;
}

/** Acts, the latest first. The filter is JSON text. */
export async function listActs(
  engine: EngineRef,
  { filter, before, limit }: { filter: string; before: number | null; limit: number },
): Promise<StoredAct[]> {
  return await ask<StoredAct>(
    engine,
    `select a.id::float8 as id, a.at, a.by, a.role, a.act, a.kind, a.target, a.why, a.before, a.after
    from rhythm.audit($1::text::jsonb, $2::text::bigint, $3::text::integer) as a order by a.id desc`,
    [filter, before === null ? null : String(before), String(limit)],
  );
}
