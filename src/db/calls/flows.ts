import { ask, type Home } from "./home.ts";
import type { Row } from "../database.ts";
import type { JsonValue } from "../../shared/json.ts";

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
export async function registerFlow(home: Home, flow: FlowRegistration): Promise<number> {
  const [row] = await ask<{ version: number }>(
    home,
    `select rhythm.register_flow(
      p_name => $1::text, p_source => $2::text, p_program => $3::text::jsonb, input_schema => $4::text::jsonb,
      options => $5::text::jsonb, description => $6::text
    ) as version`,
    [flow.name, flow.source, flow.program, flow.inputSchema, flow.options, flow.description],
  );
  return row!.version;
}

/** Reads a compiled program; nothing: there is none. */
export async function readProgram(home: Home, hash: string): Promise<JsonValue | null> {
  const [row] = await ask<{ program: JsonValue | null }>(
    home,
    "select rhythm.get_program($1::text) as program",
    [hash],
  );
  return row!.program;
}

/** The current version of each flow. */
export async function listFlows(home: Home): Promise<Row[]> {
  return await ask(home, "select f.* from rhythm.flows as f order by f.name");
}
