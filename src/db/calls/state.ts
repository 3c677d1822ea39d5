import { ask, type Home } from "./home.ts";
import type { Row } from "../database.ts";

/** All workers. */
export async function readWorkers(home: Home): Promise<Row[]> {
  return await ask(home, "select w.* from rhythm.workers as w");
}

/** What the engine's own check finds; empty when all is well. */
export async function readViolations(home: Home): Promise<Row[]> {
  return await ask(home, "select v.* from rhythm.check() as v");
}
