/** Some executions that began at once, and what was allowed then. */
interface Beginning {
  readonly atMs: number;
  readonly size: number;
  readonly perMs: number;
}

/** What the rate of one queue allows: so many begin in any period. */
export class Rates {
  readonly #calls = new Set<string>();
  #begun: Beginning[] = [];

  /**
   * Some of the queue were given to a worker.
   *
   * @param call stands for the call that took them; a call that is made again takes nothing
   * @param now when, how many, and the rate of the queue at that time
   * @returns what is wrong with that
   */
  began(call: string, now: Beginning & { readonly rate: number }): string | undefined {
    if (this.#calls.has(call)) return undefined;
    this.#calls.add(call);
    this.#begun.push(now);
    // A shorter period has forgotten what was before it.
    let size = 0;
    let { perMs } = now;
    for (const one of this.#begun.toReversed()) {
      perMs = Math.min(perMs, one.perMs);
      if (one.atMs <= now.atMs - perMs) break;
      size += one.size;
    }
    this.#begun = this.#begun.slice(-1_000);
    return size > now.rate ? `${size} began within ${perMs} ms, and ${now.rate} may` : undefined;
  }
}
