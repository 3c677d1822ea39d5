// The tasks of the chaos tests. Dying costs an attempt, so there are plenty.
import { type AnyTask, task } from "../../../mod.ts";

// Workers are lost all the time: how often is no matter of this load.
const retry = { maxAttempts: 1_000, crashes: 1_000, backoff: "fixed", initial: "50ms" } as const;

const add = task({ name: "add", retry }, async ({ a, b }: { a: number; b: number }) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return a + b;
});

/** Writes a row in the transaction that settles it: exactly one, however often it was tried. */
const book = task(
  { name: "book", retry, transactional: true },
  async ({ workflow, step }: { workflow: number; step: string }, ctx) => {
    await ctx
      .sql`insert into booked (execution, workflow, step) values (${ctx.executionId}, ${workflow}, ${step})`;
    await new Promise((resolve) => setTimeout(resolve, 10));
  },
);

/** All of them. */
export const chaosTasks: readonly AnyTask[] = [add, book];
