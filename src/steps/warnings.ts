import type { RunParts } from "./run_parts.ts";

/** What a run tells people, each with the workflow's id. */
export class Warnings {
  readonly #parts: Pick<RunParts, "id" | "workflow" | "warn">;
  #strayed = false;

  /** @param parts who it is about, and who is told */
  constructor(parts: Pick<RunParts, "id" | "workflow" | "warn">) {
    this.#parts = parts;
  }

  /** A step was called after the workflow was suspended: told once. */
  strayed(step: string): void {
    if (this.#strayed) return;
    this.#strayed = true;
    this.#tell(
      `called step "${step}" after it was suspended: it awaited something that is ` +
        `neither a step nor ctx.sleep(), ctx.nextSignal() or ctx.run(). Put that into a step; until then it is done again when the workflow goes on`,
      { step },
    );
  }

  /** The workflow ended before steps that it did not await. */
  leftRunning(steps: readonly string[]): void {
    this.#tell(
      `ended while step "${steps.join('", "')}" was running; what it gives is lost: await every step`,
      { steps },
    );
  }

  /** The workflow was cancelled, and its code ended with another error than that. */
  cleanupFailed(error: unknown): void {
    this.#tell("was cancelled, and failed while it cleaned up", { error });
  }

  /** A replay goes another way than the run before. */
  changed(then: string, now: string): void {
    const { id, workflow, warn } = this.#parts;
    warn(
      `The code of workflow "${workflow}" has changed while ${id} was under way: it came to ${now} where ` +
        `it came to step "${then}" before. Step "${then}" disappeared, was renamed or changed its place; its stored result is kept. ` +
        `Let workflows under way end before you change them, or give the new code another name`,
      { execution: id, then, now },
    );
  }

  #tell(what: string, fields: Record<string, unknown>): void {
    const { id, workflow, warn } = this.#parts;
    warn(`Workflow "${workflow}" ${what}`, { execution: id, ...fields });
  }
}
