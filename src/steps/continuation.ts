/** What `ctx.continueAs()` gives: a workflow that returns it starts over. */
export class Continuation {
  /** What it begins with, as JSON text. */
  readonly inputs: string;

  /** @param inputs what it begins with, as JSON text */
  constructor(inputs: string) {
    this.inputs = inputs;
  }
}
