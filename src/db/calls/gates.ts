import type { JsonObject } from "../../shared/json.ts";
import { ask, type EngineRef } from "./engine_ref.ts";

/** A gate as it is stored. */
export interface StoredGate {
  /** Its number. */
  readonly id: number;
  /** The flow. */
  readonly flow: string;
  /** The version to which the line belongs. */
  readonly version: number | null;
  /** The line. */
  readonly line: number | null;
  /** The text of the line. */
  readonly sourceLine: string | null;
  /** The task. */
  readonly before: string | null;
  /** Which executions. */
  readonly when: JsonObject;
  /** When it was set. */
  readonly setAt: Date;
  /** Who set it. */
  readonly setBy: string;
  /** Why. */
  readonly note: string | null;
  /** How many executions stand there. */
  readonly executions: number;
}

/** All gates. */
export async function listGates(engine: EngineRef): Promise<StoredGate[]> {
  return await ask<StoredGate>(
    engine,
    `select g.id, g.flow, g.version, g.line, g.source_line as "sourceLine", g.before, g.condition as "when", g.set_at as "setAt",
      g.set_by as "setBy", g.note, g.executions::float8 as executions
    from rhythm.gates as g order by g.id`,
  );
}

/** Sets a gate; returns its number. The condition is JSON text. */
export async function setGate(
  engine: EngineRef,
  gate: {
    flow: string;
    line: number | null;
    before: string | null;
    condition: string;
    version: number | null;
    note: string | null;
    by: string | null;
  },
): Promise<number> {
  const number = (value: number | null): string | null => value === null ? null : String(value);
  const [row] = await ask<{ id: number }>(
    engine,
    `select rhythm.set_gate($1::text, $2::text::integer, $3::text, $4::text::jsonb, $5::text::integer, $6::text, $7::text) as id`,
    [
      ...[gate.flow, number(gate.line), gate.before, gate.condition, number(gate.version)],
      ...[gate.note, gate.by],
    ],
  );
  return row!.id;
}

/** Removes a gate; false: there was none. */
export async function removeGate(engine: EngineRef, gate: number): Promise<boolean> {
  const [row] = await ask<{ removed: boolean }>(
    engine,
    "select rhythm.remove_gate($1::text::integer) as removed",
    [String(gate)],
  );
  return row!.removed;
}
