import { deepStrictEqual as equal, match, ok, strictEqual as same } from "node:assert/strict";
import type {
  DebounceOptions,
  RetryPolicy,
  ScheduledOptions,
  StartOptions,
  TaskOptions,
  ThrottleOptions,
  UniqueOptions,
  WorkflowDefaults,
} from "../../src/define/mod.ts";
import type { FlowRetryOptions, RunOptions } from "../../src/flow/types.ts";
import type { FrontMatter } from "../../src/flow/front_matter.ts";
import { startOptions } from "../../src/http/api/schemas.ts";
import {
  DEBOUNCE_OPTIONS,
  fits,
  type OptionEntry,
  type OptionName,
  OPTIONS,
  optionsIn,
  RETRY_OPTIONS,
  type RetryOptionName,
  sqlName,
  sqlOptions,
  THROTTLE_OPTIONS,
  UNIQUE_OPTIONS,
} from "../../src/shared/options.ts";
import type { ChildOptions } from "../../src/steps/child.ts";

// Compiles only if both are the same type.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

Deno.test("the public types have the options of the table, and no others", () => {
  const _start: Same<keyof StartOptions, OptionName<"start"> | "sql"> = true;
  const _child: Same<keyof ChildOptions, OptionName<"child">> = true;
  const _flowChild: Same<keyof RunOptions, OptionName<"child">> = true;
  const _schedule: Same<keyof ScheduledOptions, OptionName<"schedule">> = true;
  const _task: Same<
    keyof TaskOptions,
    OptionName<"defaults"> | "name" | "transactional" | "isolate" | "batch"
  > = true;
  const _workflow: Same<keyof WorkflowDefaults, OptionName<"defaults">> = true;
  const _flow: Same<keyof FrontMatter, OptionName<"defaults"> | "name" | "description" | "input" | "index"> =
    true;
  const _retry: Same<keyof RetryPolicy, RetryOptionName<"start">> = true;
  const _unique: Same<keyof UniqueOptions, (typeof UNIQUE_OPTIONS)[number]["name"]> = true;
  const _debounce: Same<keyof DebounceOptions, (typeof DEBOUNCE_OPTIONS)[number]["name"]> = true;
  const _throttle: Same<keyof ThrottleOptions, (typeof THROTTLE_OPTIONS)[number]["name"]> = true;
  const _flowRetry: Same<keyof FlowRetryOptions, RetryOptionName<"child">> = true;
});

Deno.test("every option has a name, a flag and words of its own", () => {
  for (
    const table of [
      OPTIONS,
      RETRY_OPTIONS,
      UNIQUE_OPTIONS,
      DEBOUNCE_OPTIONS,
      THROTTLE_OPTIONS,
    ] as readonly (readonly OptionEntry[])[]
  ) {
    same(new Set(table.map(({ name }) => name)).size, table.length);
    for (const { name, help } of table) {
      match(name, /^[a-z]+([A-Z][a-z]+)*$/);
      ok(help.length <= 60 && !help.endsWith("."), help);
    }
  }
  const flags = OPTIONS.map(({ flag }) => flag);
  ok(flags.every((flag) => /^(-[a-z], )?--[a-z]+(-[a-z]+)* <[a-z]+>$/.test(flag)), String(flags));
  same(new Set(flags).size, flags.length);
});

Deno.test("sqlOptions() names options as SQL does, inside a retry policy too, and changes nothing else", () => {
  same(sqlName("idempotencyKey"), "idempotency_key");
  equal(sqlOptions({ runAt: 1, retry: { maxAttempts: 2 }, metadata: { myKey: 3 }, queue: undefined }), {
    run_at: 1,
    retry: { max_attempts: 2 },
    metadata: { myKey: 3 },
  });
  equal(sqlOptions({ retry: 3 }), { retry: 3 });
});

Deno.test("fits() refuses what no option can be", () => {
  for (
    const { name, type } of [
      ...OPTIONS,
      ...RETRY_OPTIONS,
      ...UNIQUE_OPTIONS,
      ...DEBOUNCE_OPTIONS,
      ...THROTTLE_OPTIONS,
    ] as readonly OptionEntry[]
  ) {
    for (const value of [null, undefined, NaN, Infinity, [], () => 1, Symbol("x"), "", -1e9, 1e9]) {
      if ((type.kind === "duration" || type.kind === "until" || type.kind === "span") && value === 1e9) {
        continue;
      }
      same(fits(type, value), false, `${name}: ${String(value)}`);
    }
  }
});

Deno.test("HTTP's schema has the options of a start", () => {
  equal(Object.keys(startOptions.shape), optionsIn("start").map(({ name }) => name));
});
