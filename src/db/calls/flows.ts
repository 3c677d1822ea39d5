import { ask, type EngineRef } from "./engine_ref.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";

/** A flow as `register_flow()` takes it; JSON as text. */
export interface FlowRegistration {
  /** Its name. */
  readonly name: string;
  /** Its text. */
  readonly source: string;
  /** Its compiled program. */
  readonly program: string;
  /** The schema of its inputs. */
  readonly inputSchema: string | null;
  /** Defaults of its executions. */
  readonly options: string;
  /** What it is for. */
  readonly description: string | null;
}

/** Makes a text the current version of a flow; gives the version's number. */
export async function registerFlow(engine: EngineRef, flow: FlowRegistration): Promise<number> {
  const [row] = await ask<{ version: number }>(
    engine,
    `select rhythm.register_flow(
      p_name => $1::text, p_source => $2::text, p_program => $3::text::jsonb, input_schema => $4::text::jsonb,
      options => $5::text::jsonb, description => $6::text
    ) as version`,
    [flow.name, flow.source, flow.program, flow.inputSchema, flow.options, flow.description],
  );
  return row!.version;
}

/** Reads a compiled program; nothing: there is none. */
export async function readProgram(engine: EngineRef, hash: string): Promise<JsonValue | null> {
  const [row] = await ask<{ program: JsonValue | null }>(
    engine,
    "select rhythm.get_program($1::text) as program",
    [hash],
  );
  return row!.program;
}

/** A flow with its current version. */
export interface FlowInfo {
  /** Its name. */
  readonly name: string;
  /** The number of its current version: what new executions start on. */
  readonly version: number;
  /** The hash of the compiled program. */
  readonly program: string;
  /** What it is for. */
  readonly description: string | null;
  /** Defaults of its executions. */
  readonly options: JsonObject;
  /** The schema of its inputs. */
  readonly inputSchema: JsonValue;
  /** Its text. */
  readonly source: string;
  /** When the version was registered first. */
  readonly createdAt: Date;
  /** When the version became the current one. */
  readonly updatedAt: Date;
}

/** The current version of each flow. */
export async function listFlows(engine: EngineRef): Promise<FlowInfo[]> {
  return await ask<FlowInfo>(
    engine,
    `select
      f.name, f.version, f.program, f.description, f.options, f.input_schema as "inputSchema", f.source,
      f.created_at as "createdAt", f.updated_at as "updatedAt"
    from rhythm.flows as f order by f.name`,
  );
}
