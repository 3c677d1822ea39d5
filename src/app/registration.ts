import { findUnregistered, mayRegister, type Registrable } from "../db/calls/registration.ts";
import type { RegisteredFlow } from "../client/flows.ts";
import type { Logger } from "../define/mod.ts";
import { RhythmError } from "../shared/error.ts";
import type { FlowSource } from "./flow_sources.ts";
import type { AppParts, Rhythm } from "./rhythm.ts";

/** Thrown by a worker whose flows or tasks are not registered, and who may not register them itself. */
export class NotRegisteredError extends RhythmError {
  /** The name of the class, also where code was minified. */
  override readonly name = "NotRegisteredError";

  /**
   * Makes the error and its message.
   *
   * @param missing what is not registered, such as `flow "welcome"`
   * @param schema the engine's schema
   */
  constructor(missing: readonly string[], schema: string) {
    super(
      `Cannot start the worker: ${missing.join(", ")} ${
        missing.length === 1 ? "is" : "are"
      } not registered in schema "${schema}", ` +
        "and this role may not register anything. Start the application once as a role that has rhythm_deployer",
      { code: "NOT_REGISTERED" },
    );
  }
}

/**
 * Registers flows, tasks and workflows, if this role may.
 *
 * @param rhythm the application
 * @param parts what it is made of
 * @param sources its flows
 * @returns what another role must register; empty: everything is registered
 */
export async function register(
  rhythm: Rhythm,
  parts: AppParts,
  sources: readonly FlowSource[],
): Promise<readonly Registrable[]> {
  const { tasks, workflows = [] } = parts;
  const engine = { on: parts.database, schema: parts.schema };
  if (await mayRegister(engine)) {
    const deploy = { deploy: parts.deploy };
    tellVersions(await rhythm.flows.registerAll(sources, deploy), parts.logger);
    await rhythm.tasks.register();
    await rhythm.workflows.register(workflows, deploy);
    return [];
  }
  const wanted: Registrable[] = [
    ...rhythm.flows.declareAll(sources).map((flow) => ({ kind: "flow" as const, ...flow })),
    ...tasks.map(({ name }) => ({ kind: "task" as const, name })),
    ...workflows.map(({ name }) => ({ kind: "workflow" as const, name })),
  ];
  const missing = await namesOf(parts, wanted);
  if (missing.length > 0) {
    parts.logger.warn(
      "some flows and tasks are not registered, and this role may not register them: rhythm_deployer may",
      { missing },
    );
  }
  return wanted;
}

function tellVersions(registered: readonly RegisteredFlow[], logger: Logger): void {
  for (const { name, version, currentVersion } of registered) {
    const told = { flow: name, version, currentVersion };
    if (version === currentVersion) logger.debug("flow is registered", told);
    else {
      logger.warn(
        "this program has an older version of a flow: new executions start on the current one. " +
          "To go back, deploy with a new RHYTHM_DEPLOY, or set the version with `rhythm flow set`",
        told,
      );
    }
  }
}

/**
 * Fails if something that a worker must run is not registered.
 *
 * @param parts what the application is made of
 * @param wanted what has to be registered
 * @throws {NotRegisteredError} something is missing; it is named
 */
export async function checkRegistered(parts: AppParts, wanted: readonly Registrable[]): Promise<void> {
  const missing = await namesOf(parts, wanted);
  if (missing.length > 0) throw new NotRegisteredError(missing, parts.schema);
}

async function namesOf(parts: AppParts, wanted: readonly Registrable[]): Promise<string[]> {
  if (wanted.length === 0) return [];
  const missing = await findUnregistered({ on: parts.database, schema: parts.schema }, wanted);
  return missing.map(({ kind, name }) => `${kind} "${name}"`);
}
