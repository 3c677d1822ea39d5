import { ask, type Home } from "./home.ts";
import type { Row } from "../database.ts";
import type { JsonValue } from "../../shared/json.ts";

/** All workers. */
export async function readWorkers(home: Home): Promise<Row[]> {
  return await ask(home, "select w.* from rhythm.workers as w");
}

/** What the engine's own check finds; empty when all is well. */
export async function readViolations(home: Home): Promise<Row[]> {
  return await ask(home, "select v.* from rhythm.check() as v");
}

/** Where a workflow stands, with its program and source. */
export interface FlowState {
  /** The flow's name. */
  readonly name: string;
  /** The number of its version. */
  readonly version: number;
  /** Its text. */
  readonly source: string;
  /** Its compiled program. */
  readonly code: JsonValue;
  /** Where it stands; nothing: at its beginning. */
  readonly snapshot: JsonValue;
  /** What it waits for. */
  readonly waits: JsonValue;
}

/** Reads where a workflow stands; nothing: it is no workflow, or it is over. */
export async function readFlowState(home: Home, id: string): Promise<FlowState | null> {
  const [row] = await ask<{ state: FlowState | null }>(
    home,
    "select rhythm.flow_state($1::text::uuid) as state",
    [id],
  );
  return row!.state;
}
