import { AsyncLocalStorage } from "node:async_hooks";
import { formatWithOptions } from "node:util";
import type { AnyTask, AnyWorkflow } from "../../define/mod.ts";
import type { Said, Speaker } from "./account.ts";

const speakers = new AsyncLocalStorage<Speaker>();

const LEVELS = { log: "info", info: "info", debug: "debug", warn: "warn", error: "error" } as const;
const NAMES = Object.keys(LEVELS) as (keyof typeof LEVELS)[];

/**
 * Hears `console.log` and its kin instead of letting them write.
 *
 * @param say is told what was said, and by which execution
 * @param options whether values are shown in colours
 * @returns ends it
 */
export function hearConsole(say: (said: Said) => void, { colors }: { colors: boolean }): Disposable {
  const own = NAMES.map((name) => [name, console[name]] as const);
  for (const name of NAMES) {
    console[name] = (...values: unknown[]) => {
      const message = formatWithOptions({ colors }, ...values);
      say({ level: LEVELS[name], message, by: speakers.getStore() });
    };
  }
  return {
    [Symbol.dispose]: () => {
      for (const [name, method] of own) console[name] = method;
    },
  };
}

/** The same task; what its handler says is known to be its own. */
export function heardTask(made: AnyTask): AnyTask {
  const { handler, ...rest } = made.definition;
  const definition: AnyTask["definition"] = {
    ...rest,
    handler: (input, ctx) =>
      speakers.run(
        { kind: "task", target: made.name, id: ctx.executionId },
        () => named(() => handler(input, ctx)),
      ),
  };
  return Object.defineProperties((input: unknown) => made(input), {
    name: { value: made.name },
    definition: { value: definition },
    queue: { value: made.queue },
  }) as unknown as AnyTask;
}

/** The same workflow in code; what it says is known to be its own. */
export function heardWorkflow(made: AnyWorkflow): AnyWorkflow {
  const { code, ...rest } = made.definition;
  const definition: AnyWorkflow["definition"] = {
    ...rest,
    code: (ctx, input) => {
      const id = (ctx as { id(): string }).id();
      return speakers.run({ kind: "workflow", target: made.name, id }, () => named(() => code(ctx, input)));
    },
  };
  return Object.defineProperties(() => {}, {
    name: { value: made.name },
    definition: { value: definition },
  }) as unknown as AnyWorkflow;
}

// Files are loaded under addresses with a version, so that they can be loaded again. People know them by their names.
function named<T>(work: () => T): T {
  try {
    const made = work();
    if (!(made instanceof Promise)) return made;
    return made.catch((error) => {
      throw withNames(error);
    }) as T;
  } catch (error) {
    throw withNames(error);
  }
}

function withNames(thrown: unknown, known: Set<unknown> = new Set()): unknown {
  if (!(thrown instanceof Error) || known.has(thrown)) return thrown;
  known.add(thrown);
  const { stack } = thrown;
  if (typeof stack === "string" && /\?v=\d/.test(stack) && !Object.isFrozen(thrown)) {
    thrown.stack = stack.replaceAll(/(file:\/\/\S+?)\?v=\d+(?=:\d)/g, "$1");
  }
  withNames(thrown.cause, known);
  if (thrown instanceof AggregateError) { for (const one of thrown.errors) withNames(one, known); }
  return thrown;
}
