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
  /** When its source was deployed: an id or a time. */
  readonly deploy: string | null;
}

/** Stores a text as a version of a flow; gives the version's number. */
export async function registerFlow(engine: EngineRef, flow: FlowRegistration): Promise<number> {
  const [row] = await ask<{ version: number }>(
    engine,
    `select rhythm.register_flow(
      p_name => $1::text, p_source => $2::text, p_program => $3::text::jsonb, input_schema => $4::text::jsonb,
      options => $5::text::jsonb, description => $6::text, deploy => $7::text
    ) as version`,
    [flow.name, flow.source, flow.program, flow.inputSchema, flow.options, flow.description, flow.deploy],
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

/** The numbers of the versions that new executions of these flows start on, by name. */
export async function currentVersions(
  engine: EngineRef,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await ask<{ name: string; version: number }>(
    engine,
    "select f.name, f.version from rhythm.flows as f where f.name = any(array(select jsonb_array_elements_text($1::text::jsonb)))",
    [JSON.stringify(names)],
  );
  return new Map(rows.map(({ name, version }) => [name, version]));
}

/** A version of a flow. */
export interface FlowVersion extends Omit<FlowInfo, "updatedAt"> {
  /** Whether new executions start on it. */
  readonly isCurrent: boolean;
}

/** The versions of a flow, the newest first. */
export async function listFlowVersions(engine: EngineRef, name: string): Promise<FlowVersion[]> {
  return await ask<FlowVersion>(
    engine,
    `select
      v.name, v.version, v.is_current as "isCurrent", v.program, v.description, v.options,
      v.input_schema as "inputSchema", v.source, v.created_at as "createdAt"
    from rhythm.flow_versions as v where v.name = $1::text order by v.version desc`,
    [name],
  );
}

/** Makes a version of a flow the one that new executions start on. */
export async function setFlowVersion(engine: EngineRef, name: string, version: number): Promise<void> {
  await ask(engine, "select rhythm.set_flow_version($1::text, $2::text::integer)", [name, String(version)]);
}

/** A version of a flow from which workflows cannot go to another version yet. */
export interface UnpairedVersion {
  /** Its number. */
  readonly version: number;
  /** Its compiled program. */
  readonly code: JsonValue;
  /** The compiled program of the other version. */
  readonly to: JsonValue;
}

/** The last versions of a flow that are not paired with a version of it. */
export async function unpairedVersions(
  engine: EngineRef,
  flow: { name: string; version: number; limit: number },
): Promise<UnpairedVersion[]> {
  return await ask<UnpairedVersion>(
    engine,
    `select u.version, u.code, u.to_code as "to" from rhythm.unpaired_versions($1::text, $2::text::integer, $3::text::integer) as u`,
    [flow.name, String(flow.version), String(flow.limit)],
  );
}

/** Stores where workflows of one version of a flow go on in another one. */
export async function registerPairing(
  engine: EngineRef,
  flow: { name: string; from: number; to: number; pairs: string },
): Promise<void> {
  await ask(
    engine,
    "select rhythm.register_pairing($1::text, $2::text::integer, $3::text::integer, $4::text::jsonb)",
    [flow.name, String(flow.from), String(flow.to), flow.pairs],
  );
}

/** Reads the compiled program of a version; nothing: there is no such version. */
export async function readVersion(
  engine: EngineRef,
  name: string,
  version: number,
): Promise<JsonValue | null> {
  const [row] = await ask<{ code: JsonValue }>(
    engine,
    "select rhythm.get_program(v.program) as code from rhythm.flow_versions as v where v.name = $1::text and v.version = $2::text::integer",
    [name, String(version)],
  );
  return row?.code ?? null;
}
