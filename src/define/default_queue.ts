import { NotInitializedError } from "./errors.ts";
import type { Run } from "./execution.ts";
import type { StartOptions } from "./options.ts";
import type { TaskDefinition } from "./task.ts";

/** Queues an execution of a declared task. */
export type EnqueueDeclared = (
  definition: TaskDefinition,
  input: unknown,
  options: StartOptions,
) => Promise<Run<unknown>>;

let enqueueDeclared: EnqueueDeclared | undefined;

/** Says where `.queue()` goes from now on; nothing: nowhere. `Rhythm.init()` calls this. */
export function setDefaultQueue(enqueue: EnqueueDeclared | undefined): void {
  enqueueDeclared = enqueue;
}

/** Queues on the default application. */
export async function enqueueOnDefault(
  definition: TaskDefinition,
  input: unknown,
  options: StartOptions,
): Promise<Run<unknown>> {
  if (enqueueDeclared === undefined) throw new NotInitializedError(`${definition.name}.queue()`);
  return await enqueueDeclared(definition, input, options);
}
