import { ask, type Home } from "./home.ts";

/** Stores what holds for executions of tasks that others start: `[{ name, queue, … }]` as JSON text. */
export async function registerTasks(home: Home, tasks: string): Promise<void> {
  await ask(home, "select rhythm.register_tasks($1::text::jsonb)", [tasks]);
}
