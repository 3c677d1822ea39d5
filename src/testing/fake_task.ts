import { checkArgument, FUNCTION, NAME, type Task, task, type TaskContext } from "../define/mod.ts";

/** A task that notes what it is given. */
export interface FakeTask<Input = unknown, Output = unknown> extends Task<Input, Output> {
  /** The inputs of its attempts, in the order in which they began. */
  readonly inputs: readonly Input[];
}

/**
 * A task to put in the place of a real one: it notes its inputs, and answers what the test says.
 *
 * @param name the name of the task it stands for
 * @param answer what it gives, or throws; nothing: it gives null
 * @returns a task for `testRhythm({ tasks })`, with up to three attempts a second apart
 *
 * @example A bank that refuses once
 * ```ts
 * import { fakeTask } from "@rhythm/core/testing";
 *
 * const bank = fakeTask("process_payment", ({ amount }: { amount: number }, { attempt }) => {
 *   if (attempt === 1) throw new Error("The bank does not answer");
 *   return { paid: amount };
 * });
 * console.log(bank.name, bank.inputs);
 * ```
 */
export function fakeTask<Input = unknown, Output = null>(
  name: string,
  answer?: (input: Input, ctx: TaskContext) => Output,
): FakeTask<Input, Awaited<Output>> {
  checkArgument(name, { argument: "name", type: NAME, where: "fakeTask()" });
  if (answer !== undefined) {
    checkArgument(answer, { argument: "answer", type: FUNCTION, where: "fakeTask()" });
  }
  const inputs: Input[] = [];
  const made = task(
    { name, retry: { maxAttempts: 3, initial: "1s", backoff: "fixed", jitter: 0 } },
    (input: Input, ctx) => {
      inputs.push(input);
      return answer === undefined ? null as Output : answer(input, ctx);
    },
  );
  return Object.defineProperty(made, "inputs", { value: inputs }) as FakeTask<Input, Awaited<Output>>;
}
