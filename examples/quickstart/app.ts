// What worker and scheduler share: the same flows, the same tasks, the same database.
import { Rhythm } from "@rhythm/core";
import { tasks } from "./tasks.ts";

/** Opens the application of the quickstart. */
export async function openApp(): Promise<Rhythm> {
  return await Rhythm.init({
    flows: [new URL("./workflows", import.meta.url)],
    tasks,
    log: { level: "warn" },
  });
}
