import {
  type AnyTask,
  type FlowInput,
  FlowNotReadableError,
  type FlowSource,
  type InitOptions as CoreOptions,
  Rhythm,
} from "../../mod.ts";
import {
  ANY_TEXT,
  ARRAY,
  BOOLEAN,
  checkArgument,
  checkShape,
  NAME,
  type OwnType,
  type Shape,
  TEXT,
} from "../shared/arguments.ts";
import { ExecutionService, SchedulerService, SignalService } from "./services.ts";

/** A flow to register: its text, or the file that has it. */
export interface WorkflowFile {
  /** The name it is registered under, unless its front matter gives another. */
  name: string;
  /** The text. Default: what is in the file. */
  source?: string;
  /** The file: it is read if there is no `source`, and diagnostics name it. */
  filePath?: string;
}

/** What an application is made of, under the names of the Python SDK. */
export interface InitOptions {
  /** `postgres://…`; see `InitOptions` of `@rhythm/core`. */
  databaseUrl?: string;
  /** Directories to search for `.flow` files. */
  workflowPaths?: readonly string[];
  /** Flows to register. */
  workflows?: readonly WorkflowFile[];
  /** Install or upgrade the schema when it is not up to date. Default: true. */
  autoMigrate?: boolean;
  /** The tasks that workers of this application run. Python has no such parameter: `@task` registers them there. */
  tasks?: readonly AnyTask[];
}

const PATHS: OwnType = {
  kind: "own",
  wanted: "an array of directories and .flow files",
  fits: (value) => Array.isArray(value) && value.every(TEXT.fits),
};
const OPTIONS: Shape = {
  databaseUrl: TEXT,
  workflowPaths: PATHS,
  workflows: ARRAY,
  autoMigrate: BOOLEAN,
  tasks: ARRAY,
};
const FILE: Shape = { name: NAME, source: ANY_TEXT, filePath: TEXT };

/** An application with the services of the Python SDK. */
export class Application {
  /** The same application as `@rhythm/core` has it. */
  readonly rhythm: Rhythm;
  /** Creates, reads, lists and cancels executions. */
  readonly executionService: ExecutionService;
  /** Creates executions for later. */
  readonly schedulerService: SchedulerService;
  /** Sends signals. */
  readonly signalService: SignalService;

  /**
   * Gives an application the services of the Python SDK.
   *
   * @param rhythm the application, made by `Rhythm.init()`
   */
  constructor(rhythm: Rhythm) {
    checkArgument(rhythm, { argument: "rhythm", type: APPLICATION, where: "new Application()" });
    this.rhythm = rhythm;
    this.executionService = new ExecutionService(rhythm);
    this.schedulerService = new SchedulerService(rhythm);
    this.signalService = new SignalService(rhythm);
  }

  /** Stops the workers, ends all waiting, closes the connections. */
  async close(): Promise<void> {
    await this.rhythm.close();
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const APPLICATION: OwnType = {
  kind: "own",
  wanted: "an application made by Rhythm.init()",
  fits: (value) => value instanceof Rhythm,
};

/**
 * Makes the application that the functions of this module, and those of `@rhythm/core`, use.
 *
 * @param options where the database is, and what the application is made of
 * @returns the application
 */
export async function init(options?: InitOptions): Promise<Application>;
/**
 * Makes the application, in the order of Python's parameters.
 *
 * @param databaseUrl where the database is
 * @param workflowPaths directories to search for `.flow` files
 * @param autoMigrate whether to install or upgrade the schema
 */
export async function init(
  databaseUrl: string,
  workflowPaths?: readonly string[],
  autoMigrate?: boolean,
): Promise<Application>;
export async function init(
  first: InitOptions | string = {},
  workflowPaths?: readonly string[],
  autoMigrate?: boolean,
): Promise<Application> {
  const isPositional = typeof first === "string" || workflowPaths !== undefined || autoMigrate !== undefined;
  if (isPositional) checkArgument(first, { argument: "databaseUrl", type: TEXT, where: "init()" });
  const given = typeof first === "string" ? { databaseUrl: first, workflowPaths, autoMigrate } : first;
  checkShape(given, OPTIONS, { where: "init()" });
  const { workflows = [], workflowPaths: paths = [], ...rest } = given;
  const flows: FlowInput[] = [...paths, ...await Promise.all(workflows.map(toSource))];
  return new Application(await Rhythm.init({ ...rest, flows } satisfies CoreOptions));
}

/**
 * Makes an application step by step.
 *
 * @example The builder of the Python SDK
 * ```ts
 * import { InitBuilder } from "@rhythm/core/compat";
 *
 * async function main(): Promise<void> {
 *   await using rhythm = await new InitBuilder()
 *     .databaseUrl("postgres://user:pass@localhost/db")
 *     .autoMigrate(true)
 *     .workflows([{ name: "onboard_user", filePath: "./workflows/onboard.flow" }])
 *     .init();
 *   console.log(await rhythm.executionService.createExecution({ execType: "workflow", targetName: "onboard_user" }));
 * }
 * ```
 */
export class InitBuilder {
  readonly #options: InitOptions = {};

  /** Says where the database is. */
  databaseUrl(databaseUrl: string): this {
    return this.#set({ databaseUrl }, "databaseUrl()");
  }

  /** Says whether to install or upgrade the schema. Default: true. */
  autoMigrate(autoMigrate: boolean): this {
    return this.#set({ autoMigrate }, "autoMigrate()");
  }

  /** Gives the flows to register. */
  workflows(workflows: readonly WorkflowFile[]): this {
    return this.#set({ workflows }, "workflows()");
  }

  /** Gives the tasks that workers of this application run. */
  tasks(tasks: readonly AnyTask[]): this {
    return this.#set({ tasks }, "tasks()");
  }

  /** Makes the application. */
  async init(): Promise<Application> {
    return await init(this.#options);
  }

  #set(option: InitOptions, where: string): this {
    checkShape(option, OPTIONS, { where, required: Object.keys(option) });
    Object.assign(this.#options, option);
    return this;
  }
}

async function toSource(file: WorkflowFile, index: number): Promise<FlowSource> {
  const where = `init() workflows[${index}]`;
  checkShape(file, FILE, { where, argument: `workflows[${index}]`, required: ["name"] });
  const { name, source, filePath } = file;
  if (source !== undefined) return { name, source, path: filePath };
  checkArgument(filePath, { argument: "filePath", type: TEXT, where });
  try {
    return { name, source: await Deno.readTextFile(filePath!), path: filePath };
  } catch (cause) {
    throw new FlowNotReadableError(filePath!, { cause });
  }
}
