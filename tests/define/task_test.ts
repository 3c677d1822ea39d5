import { deepStrictEqual as equal, rejects, strictEqual as same, throws } from "node:assert/strict";
import { z } from "zod";
import {
  InvalidInputError,
  InvalidOptionError,
  isTask,
  NotInitializedError,
  setDefaultQueue,
  type StandardSchema,
  type StartOptions,
  task,
  type TaskContext,
  type TaskDefinition,
} from "../../src/define/mod.ts";

const input = z.object({ to: z.email(), times: z.coerce.number().default(1) });

// Compiles only if both are the same type.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

Deno.test("task() called directly runs the handler on the schema's output", async () => {
  const mail = task({ name: "mail", input }, ({ to, times }, ctx) => `${to} × ${times} (${ctx.attempt})`);
  same(await mail({ to: "a@b.org", times: "2" }), "a@b.org × 2 (1)");
  same(await mail({ to: "a@b.org" }), "a@b.org × 1 (1)");
});

Deno.test("task() refuses a direct call whose input breaks the schema, naming the path", async () => {
  const mail = task({ name: "mail", input }, () => 1);
  await rejects(mail({ to: "nobody" }), (error: unknown) => {
    same(error instanceof InvalidInputError, true);
    same((error as InvalidInputError).code, "INVALID_INPUT");
    same(
      (error as Error).message.startsWith('The input of task "mail" does not satisfy its schema: to: '),
      true,
    );
    return true;
  });
});

Deno.test("task() carries types from the schema to handler, call, queue and result", () => {
  const typed = task({ name: "typed", input }, ({ times }, ctx) => {
    const _times: Same<typeof times, number> = true;
    const _ctx: Same<typeof ctx, TaskContext> = true;
    return { done: times > 0 };
  });
  const _in: Same<Parameters<typeof typed.queue>[0], { to: string; times?: unknown }> = true;
  const _out: Same<Awaited<ReturnType<typeof typed>>, { done: boolean }> = true;
  const _run: Same<
    Awaited<ReturnType<Awaited<ReturnType<typeof typed.queue>>["result"]>>,
    { done: boolean }
  > = true;

  const plain = task({ name: "plain" }, async ({ id }: { id: number }) => await Promise.resolve(id));
  const _plain: Same<Parameters<typeof plain>[0], { id: number }> = true;
  const _number: Same<Awaited<ReturnType<typeof plain>>, number> = true;

  task({ name: "tx", transactional: true }, async (_: null, ctx) => await ctx.sql`select 1`);
  // @ts-expect-error a task that is not transactional has no ctx.sql
  task({ name: "no-tx" }, (_: null, ctx) => ctx.sql);
  same(isTask(typed), true);
  same(isTask(() => 1), false);
});

Deno.test("task() takes its name from the function when none is given", async () => {
  const sendEmail = task(function send_email(to: string): string {
    return to;
  });
  same(sendEmail.name, "send_email");
  same(await sendEmail("x"), "x");
  throws(() => task({}, () => 1), {
    code: "INVALID_OPTION",
    message: /"name" must be a name of 1 to 200 letters/,
  });
});

Deno.test("task() accepts any schema that follows the standard, also an asynchronous one", async () => {
  const schema: StandardSchema<string, number> = {
    "~standard": {
      version: 1,
      vendor: "hand",
      validate: (value) =>
        Promise.resolve(
          typeof value === "string"
            ? { value: value.length }
            : { issues: [{ message: "no text", path: ["a", 0, { key: "b" }] }] },
        ),
    },
  };
  const length = task({ name: "length", input: schema }, (n) => n * 2);
  same(await length("four"), 8);
  await rejects(length(1 as unknown as string), /schema: a\[0\]\.b: no text$/);
});

Deno.test("task() names wrong options and what was probably meant", () => {
  const wrong = (options: object, message: RegExp): void =>
    throws(() => task(options as { name: string }, () => 1), (error: unknown) => {
      same(error instanceof InvalidOptionError, true);
      same(message.test((error as Error).message), true, (error as Error).message);
      return true;
    });
  wrong({ name: "x", que: "mail" }, /task\("x"\) has no option "que"\. Did you mean "queue"\?/);
  wrong(
    { name: "x", retry: { max_attempts: 3 } },
    /retry has no option "max_attempts"\. Did you mean "maxAttempts"\?/,
  );
  wrong(
    { name: "x", retry: { maxAttempts: 0 } },
    /"retry.maxAttempts" must be a whole number from 1 to 9999, not number 0/,
  );
  wrong({ name: "x", retry: { backoff: "exponental" } }, /Did you mean "exponential"\?/);
  wrong(
    { name: "x", retry: { jitter: 2 } },
    /"retry.jitter" must be true, false or a number from 0 to 1, not number 2/,
  );
  wrong(
    { name: "x", retry: { factor: 0.5 } },
    /"retry.factor" must be a number from 1 to 100, not number 0.5/,
  );
  wrong({ name: "x", queue: "" }, /"queue" must be a name of 1 to 200 letters, .*, not ""/);
  wrong({ name: "x", timeout: -1 }, /"timeout": Cannot read -1 as a duration: it is negative/);
  wrong({ name: "x", timeout: "1 fortnight" }, /"fortnight" is not a unit/);
  wrong(
    { name: "x", retry: 0 },
    /"retry" must be a number of attempts from 1 to 9999, or an object, not number 0/,
  );
  wrong({ name: "x", input: {} }, /"input" must be a schema that follows Standard Schema/);
  wrong({ name: "x", transactional: true, isolate: true }, /a transactional task cannot be isolated/);
  wrong([], /task\(\): "options" must be an object with options, not an array/);
  throws(
    () => (task as (...given: unknown[]) => unknown)(() => 1, { queue: "q" }),
    /options stand before the handler/,
  );
  throws(() => task({ name: "x" }, "no" as unknown as () => void), /"handler" must be a function, not "no"/);
});

Deno.test("task() finds the module that declares an isolated task", () => {
  same(task({ name: "alone", isolate: true }, () => 1).definition.module, import.meta.url);
  same(
    task({ name: "alone", isolate: { module: "file:///x.ts" } }, () => 1).definition.module,
    "file:///x.ts",
  );
  same(task({ name: "together" }, () => 1).definition.module, undefined);
});

Deno.test("a transactional task cannot be called directly", async () => {
  const pay = task({ name: "pay", transactional: true }, () => 1);
  await rejects(pay(null), /Task "pay" is transactional and cannot be called directly/);
});

Deno.test("ctx.sql of a direct call says that the task is not transactional", async () => {
  const peek = task({ name: "peek" }, (_: null, ctx) => (ctx as unknown as { sql: unknown }).sql);
  await rejects(peek(null), { code: "NO_SQL" });
});

Deno.test(".queue() needs an application, and hands over definition, input and options", async () => {
  const mail = task({ name: "mail" }, (_: { to: string }) => "sent");
  await rejects(mail.queue({ to: "x" }), NotInitializedError);
  const seen: [TaskDefinition, unknown, StartOptions][] = [];
  setDefaultQueue((definition, given, options) => {
    seen.push([definition, given, options]);
    return Promise.resolve({ id: "1" } as never);
  });
  try {
    same((await mail.queue({ to: "x" }, { delay: "1h" })).id, "1");
    equal(seen, [[mail.definition, { to: "x" }, { delay: "1h" }]]);
  } finally {
    setDefaultQueue(undefined);
  }
});
