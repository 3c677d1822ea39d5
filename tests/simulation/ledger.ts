import type { TaskContext } from "../../src/define/mod.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** One attempt that a handler began. */
export interface Attempt {
  readonly attempt: number;
  readonly at: number;
  threwAt?: number;
}

/** What handlers did, whatever the database knows of it. */
export class Ledger {
  /** Freezes a process for a while. */
  onBlock: (process: Process, ms: number) => void = () => {};
  readonly #world: World;
  readonly #attempts = new Map<string, Attempt[]>();
  readonly #steps = new Map<string, number>();
  /** The calls of a hook that its address has taken. */
  readonly taken: Set<string> = new Set<string>();
  readonly #stored = new Map<string, { attempt: number; value: number }>();
  /** How many handlers began. */
  begun = 0;

  /** @param world the time, and where a broken promise is told */
  constructor(world: World) {
    this.#world = world;
  }

  /** A handler begins an attempt. */
  began(
    process: Process,
    { executionId, attempt, taskName }: TaskContext & { readonly taskName?: string },
  ): void {
    this.begun++;
    this.#world.tell(`${process.name} begins ${taskName ?? ""} ${executionId} attempt ${attempt}`);
    const attempts = this.of(executionId);
    attempts.push({ attempt, at: this.#world.now });
  }

  /** The attempt under way is about to throw. */
  threw({ executionId, attempt }: TaskContext): void {
    const found = this.of(executionId).findLast((one) => one.attempt === attempt);
    if (found !== undefined) found.threwAt = this.#world.now;
  }

  /** The handler keeps its whole process from doing anything else. */
  block(process: Process, ms: number): void {
    this.onBlock(process, ms);
  }

  /** A step of code runs; gives how often it did by now, in whatever process. */
  stepBegan(execution: string, step: string): number {
    this.#world.tell(`step ${step} of ${execution}`);
    const key = `${execution} ${step}`;
    const times = (this.#steps.get(key) ?? 0) + 1;
    this.#steps.set(key, times);
    return times;
  }

  /** The handler was told that a checkpoint is stored. */
  stored({ executionId, attempt }: TaskContext, value: number): void {
    this.#stored.set(executionId, { attempt, value });
  }

  /** The handler goes on from a checkpoint, which is not older than the last that an earlier attempt was told of. */
  goesOn({ executionId, attempt }: TaskContext, from: number): void {
    const told = this.#stored.get(executionId);
    if (told !== undefined && told.attempt < attempt && from < told.value) {
      this.#world.fail(
        new Error(`${executionId} goes on from checkpoint ${from}, and ${told.value} was stored`),
      );
    }
  }

  /** The attempts that began, in their order. */
  of(execution: string): Attempt[] {
    let attempts = this.#attempts.get(execution);
    if (attempts === undefined) this.#attempts.set(execution, attempts = []);
    return attempts;
  }
}
