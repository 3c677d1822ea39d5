/** What `ctx.continueAs()` gives: a workflow that returns it starts over. */
export class Continuation {
  /** What it begins with. */
  readonly inputs: unknown;

  /** @param inputs what it begins with */
  constructor(inputs: unknown) {
    this.inputs = inputs;
  }
}
