import { NotInitializedError } from "./errors.ts";
import type { Run } from "./execution.ts";
import type { StartOptions } from "./options.ts";
import type { TaskDefinition } from "./task.ts";

/** Queues an execution of a declared task. */
export type QueueDeclared = (
  definition: TaskDefinition,
  input: unknown,
  options: StartOptions,
) => Promise<Run<unknown>>;

let queueDeclared: QueueDeclared | undefined;

/** Says where `.queue()` goes from now on; nothing: nowhere. `Rhythm.init()` calls this. */
export function setDefaultQueue(queue: QueueDeclared | undefined): void {
  queueDeclared = queue;
}

/** Queues on the default application. */
export async function queueOnDefault(
  definition: TaskDefinition,
  input: unknown,
  options: StartOptions,
): Promise<Run<unknown>> {
  if (queueDeclared === undefined) throw new NotInitializedError(`${definition.name}.queue()`);
  return await queueDeclared(definition, input, options);
}
