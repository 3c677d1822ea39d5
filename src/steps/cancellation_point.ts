/** The name of the step that stores when a workflow was cancelled. No step of a workflow can have it. */
export const CANCELLED = "#cancelled";

/**
 * Throws a cancellation into a workflow's code, once, at a place that every replay finds again: into all that it waits
 * for when its turn comes, or else into its next call. What is called after that cleans up, and runs like anything else.
 */
export class CancellationPoint {
  readonly #waiting = new Map<string, (error: Error) => void>();
  readonly #severed = new Set<string>();
  #state: "none" | "asked" | "due" | "thrown" = "none";
  #error: Error | undefined;

  /** Whether the workflow must be cancelled and its code has not been told yet. Then nothing new begins. */
  get isAsked(): boolean {
    return this.#state === "asked";
  }

  /** Whether it was thrown into the code. */
  get isThrown(): boolean {
    return this.#state === "thrown";
  }

  /** Asks for it; false: that was done before. */
  ask(error: Error): boolean {
    if (this.#state !== "none") return false;
    this.#state = "asked";
    this.#error = error;
    return true;
  }

  /** Its turn has come. */
  deliver(): void {
    if (this.#state !== "asked") return;
    this.#state = this.#waiting.size > 0 ? "thrown" : "due";
    for (const [name, reject] of this.#waiting) {
      this.#severed.add(name);
      reject(this.#error!);
    }
    this.#waiting.clear();
  }

  /** What a new call gets in place of its result, if it is the next one. */
  take(): Error | undefined {
    if (this.#state !== "due") return undefined;
    this.#state = "thrown";
    return this.#error;
  }

  /** A call that the code waits for. */
  watch<T>(name: string, call: Promise<T>): Promise<T> {
    if (this.#state === "thrown") return call;
    return new Promise((resolve, reject) => {
      this.#waiting.set(name, reject);
      call.then(
        (value) => {
          this.#waiting.delete(name);
          resolve(value);
        },
        (error) => {
          this.#waiting.delete(name);
          reject(error);
        },
      );
    });
  }

  /** Refuses what comes from a call that nobody waits for any more. */
  check(name: string): void {
    if (this.#severed.has(name)) throw this.#error!;
  }
}
