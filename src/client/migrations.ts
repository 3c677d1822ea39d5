import {
  checkArgument,
  checkShape,
  OBJECT,
  type Operation,
  type OperationFilter,
  type OperationPlace,
  type OperationRequest,
} from "../define/mod.ts";
import type { ClientCore } from "./core.ts";
import { FILTER, MIGRATION, Operations, THEN } from "./operations.ts";

/** How workflows are moved to another version of their flow. */
export interface MigrateOptions {
  /** The number of the version. Default: the current one. */
  to?: number;
  /** Lines of the old version, and those of the new one where to go on. */
  map?: Record<string, number>;
  /** Whether what is likely is done, too. Default: `sure`. */
  accept?: "sure" | "likely";
  /** Values of variables, for those that the old version does not have, too. */
  set?: Record<string, unknown>;
  /** Whose variables they are, counted from 0 as `executions.at()` lists the branches. Default: 0, the body of the flow. */
  fibre?: number;
  /** Why; it is kept in the history. */
  note?: string;
  /** Only say where each would go on. */
  dryRun?: boolean;
  /** Who does it. Default: the role of the connection. */
  by?: string;
}

/** How workflows are repaired. */
export interface RepairOptions extends MigrateOptions {
  /** Run what failed again (the default), or also end the pauses of what waits. */
  then?: "retry" | "resume";
}

/** An operation on workflows, and where they stand. */
export interface Migration {
  /** The operation: its progress, to stop it, what it did to whom. */
  readonly operation: Operation;
  /** Of a dry run: workflows by where they stand, with where they would go on. */
  readonly places: readonly OperationPlace[];
}

/** Starts a migration or a repair; a dry run is worked off at once. */
export async function changeMany(
  core: ClientCore,
  action: "migrate" | "repair",
  filter: OperationFilter,
  options: RepairOptions,
): Promise<Migration> {
  const where = `executions.${action}()`;
  checkArgument(filter, { argument: "filter", type: OBJECT, where });
  checkShape(filter, FILTER, { where, argument: "filter" });
  const shape = action === "repair" ? { ...MIGRATION, then: THEN } : MIGRATION;
  checkShape(options, shape, { where });
  const operations = new Operations(core);
  const request: OperationRequest = { ...options, action, filter };
  let operation = await operations.start(request);
  if (options.dryRun !== true) return { operation, places: [] };
  while (operation.state === "running") {
    await operations.work(operation.id);
    operation = await operations.get(operation.id);
  }
  return { operation, places: await operations.places(operation.id) };
}
