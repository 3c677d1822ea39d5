import type { TaskDefinition } from "./task.ts";

let collector: Map<string, TaskDefinition> | undefined;

/** Notes a declaration, if declarations are collected. */
export function declare(definition: TaskDefinition): void {
  collector?.set(definition.name, definition);
}

/**
 * Collects the tasks that are declared from now on in this realm, by name. A Web Worker that runs one isolated
 * handler calls this before it loads the handler's module, so the task need not be exported to be found.
 */
export function collectDeclarations(): ReadonlyMap<string, TaskDefinition> {
  collector ??= new Map();
  return collector;
}
