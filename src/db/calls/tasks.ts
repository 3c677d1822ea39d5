import { ask, type EngineRef } from "./engine_ref.ts";

/** Stores what holds for executions of tasks that others start: `[{ name, queue, … }]` as JSON text. */
export async function registerTasks(engine: EngineRef, tasks: string): Promise<void> {
  await ask(engine, "select rhythm.register_tasks($1::text::jsonb)", [tasks]);
}
