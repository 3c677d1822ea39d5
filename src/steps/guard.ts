import { toJson } from "../shared/json.ts";
import { ContextError } from "./errors.ts";
import type { WorkflowRun } from "./run.ts";
import { stepError } from "./step_error.ts";

/** What `acquireStep()` says to do. */
export type StepAcquisition<T = unknown> =
  | { readonly status: "skipped"; readonly value: T }
  | { readonly status: "execute"; readonly guard: StepGuard };

/** Takes how a step ended that is run by hand. Until then it counts as not done: after a crash it is run again. */
export class StepGuard {
  readonly #run: WorkflowRun;
  readonly #name: string;
  readonly #ended: (end: Promise<unknown>) => Promise<void>;
  readonly #began: number;
  #isUsed = false;

  /**
   * Made by `acquireStep()`.
   *
   * @param run the workflow's run
   * @param name the step
   * @param ended takes its end
   */
  constructor(run: WorkflowRun, name: string, ended: (end: Promise<unknown>) => Promise<void>) {
    this.#ended = ended;
    this.#run = run;
    this.#began = run.clock.monotonic();
    this.#name = name;
  }

  /** The step is done: its result is kept. */
  async success(value?: unknown): Promise<void> {
    const text = toJson(value, { what: `the result of step "${this.#name}"` });
    this.#use();
    const output = value === undefined ? { is_undefined: true } : { output: text };
    await this.#run.saveEnd({ ...this.#head(), status: "completed", ...output });
    await this.#ended(Promise.resolve(value === undefined ? undefined : JSON.parse(text)));
  }

  /** The step failed, without another attempt: an `Error`, or its message. */
  async fail(error: unknown): Promise<void> {
    this.#use();
    const thrown = typeof error === "string" ? new Error(error) : error;
    this.#run.noteFailure(this.#name, thrown);
    await this.#run.saveEnd({ ...this.#head(), status: "failed", error: stepError(thrown) });
    await this.#ended(Promise.reject(thrown));
  }

  #head(): { name: string; kind: "step"; attempts: number; took_ms: number } {
    return {
      name: this.#name,
      kind: "step",
      attempts: 1,
      took_ms: Math.round(this.#run.clock.monotonic() - this.#began),
    };
  }

  #use(): void {
    if (this.#isUsed) {
      throw new ContextError(
        `The guard of step "${this.#name}" was used already: a step ends once`,
        "GUARD_USED",
      );
    }
    this.#isUsed = true;
  }
}
