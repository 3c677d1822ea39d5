import type { Run, StartOptions } from "../define/mod.ts";
import type { JsonValue } from "../shared/json.ts";
import type { ClientCore } from "./core.ts";
import { ExecutionRun } from "./run.ts";
import type { RunNowOptions } from "./tasks.ts";

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
   * @param flow the flow's name
   * @param inputs checked against the flow's schema, before anything is written
   * @param options when, where and how it runs
   * @returns the execution
   */
  async start<Output = JsonValue>(
    flow: string,
    inputs: unknown = {},
    options: StartOptions = {},
  ): Promise<Run<Output>> {
    return new ExecutionRun<Output>(
      this.#core,
      await this.#core.start("workflow", flow, inputs, options, "workflows.start()"),
    );
  }

  /** Starts a workflow and waits for its result. */
  async run<Output = JsonValue>(
    flow: string,
    inputs: unknown = {},
    options: RunNowOptions = {},
  ): Promise<Output> {
    const { wait, ...start } = options;
    const run = await this.start<Output>(flow, inputs, start);
    return await run.result(wait);
  }
}
