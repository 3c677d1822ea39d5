import { registerWorkflow } from "../db/calls/steps.ts";
import { deployOf, type RegisterOptions } from "./deploy.ts";
import {
  type AnyWorkflow,
  ARRAY,
  checkArgument,
  checkStartOptions,
  engineOptions,
  isWorkflow,
  type OwnType,
  type Run,
  type StartOptions,
  WORKFLOW,
  type WorkflowRef,
} from "../define/mod.ts";
import type { JsonValue } from "../shared/json.ts";
import type { ClientCore } from "./core.ts";
import type { StartRequest } from "./request.ts";
import { ExecutionRun, outputOf } from "./run.ts";
import { RUN_NOW, type RunNowOptions } from "./tasks.ts";

/** Workflows: start one, or start it and wait for its result. */
export class Workflows {
  readonly #core: ClientCore;

  /**
   * Made by the application.
   *
   * @param core what calls
   */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  /**
   * Starts a workflow on the current version of its flow.
   *
   * @param flow the flow's name; or a workflow in TypeScript, made by `workflow()`, or its name
   * @param inputs checked against the flow's schema, before anything is written
   * @param options when, where and how it runs
   * @returns the execution
   */
  start<Input, Output>(
    flow: WorkflowRef<Input, Output>,
    inputs?: Input,
    options?: StartOptions,
  ): Promise<Run<Output>>;
  /** Starts a workflow by its name. */
  start<Output = JsonValue>(flow: string, inputs?: unknown, options?: StartOptions): Promise<Run<Output>>;
  async start<Output = JsonValue>(
    flow: string | WorkflowRef,
    inputs: unknown = {},
    options: StartOptions = {},
  ): Promise<Run<Output>> {
    const where = "workflows.start()";
    return new ExecutionRun<Output>(
      this.#core,
      await this.#core.start(toStart(flow, inputs, options, where), where),
    );
  }

  /** Starts a workflow and waits for its result. */
  run<Input, Output>(
    flow: WorkflowRef<Input, Output>,
    inputs?: Input,
    options?: RunNowOptions,
  ): Promise<Output>;
  /** Starts a workflow by its name and waits for its result. */
  run<Output = JsonValue>(flow: string, inputs?: unknown, options?: RunNowOptions): Promise<Output>;
  async run<Output = JsonValue>(
    flow: string | WorkflowRef,
    inputs: unknown = {},
    options: RunNowOptions = {},
  ): Promise<Output> {
    const where = "workflows.run()";
    checkStartOptions(options, where, RUN_NOW);
    const { wait, ...start } = options;
    return outputOf(await this.#core.run(toStart(flow, inputs, start, where), where, wait)) as Output;
  }

  /** Makes workflows in TypeScript known, with the defaults of their executions: from then on they can be started. */
  async register(workflows: readonly AnyWorkflow[], options: RegisterOptions = {}): Promise<void> {
    const deploy = deployOf(options, "workflows.register()");
    checkArgument(workflows, { argument: "workflows", type: ARRAY, where: "workflows.register()" });
    for (const made of workflows) {
      checkArgument(made, { argument: "workflows", type: MADE, where: "workflows.register()" });
      const { name, definition } = made;
      const defaults = engineOptions(definition.options, "defaults");
      await this.#core.retried(() =>
        registerWorkflow(this.#core.engine, name, JSON.stringify(defaults), deploy)
      );
    }
  }
}

const MADE: OwnType = { kind: "own", wanted: "an array of workflows made by workflow()", fits: isWorkflow };

function toStart(
  flow: string | WorkflowRef,
  inputs: unknown,
  options: StartOptions,
  where: string,
): StartRequest {
  checkArgument(flow, { argument: "flow", type: WORKFLOW, where });
  return { type: "workflow", target: typeof flow === "string" ? flow : flow.name, inputs, options };
}
