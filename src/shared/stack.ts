/** The most characters of a stack that is stored with its execution. */
export const STACK_LIMIT = 8_000;

/**
 * A stack that fits. Its top and its end stay, which is where the first cause stands; lines between them are left out.
 *
 * @param text a stack as JavaScript writes it
 * @param limit the most characters it may have
 * @returns the stack, or a shorter one
 *
 * @example The middle of a long one is left out
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const lines = Array.from({ length: 100 }, (_, line) => `    at f (a.ts:${line}:1)`);
 * const short = fitStack(["Error: far", ...lines].join("\n"), 200);
 * assert.match(short, /^Error: far\n[^]*\n    … \d+ lines left out …\n[^]*:99:1\)$/);
 * ```
 */
export function fitStack(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor((limit - NOTE_LENGTH) / 2);
  const top = text.slice(0, half);
  const end = text.slice(-half);
  const whole = top.includes("\n") ? top.slice(0, top.lastIndexOf("\n")) : top;
  const rest = end.slice(end.indexOf("\n") + 1);
  const left = text.slice(whole.length, text.length - rest.length).split("\n").length - 2;
  return `${whole}\n    … ${Math.max(left, 1)} lines left out …\n${rest}`.toWellFormed();
}

const NOTE_LENGTH = 40;

/** A task or workflow that failed, as those who waited for it see it. */
export interface FailedExecution {
  /** The error's class. */
  readonly type: string;
  /** What happened. */
  readonly message: string;
  /** The stack, as it was stored. */
  readonly stack?: string;
  /** What failed. */
  readonly kind?: "task" | "workflow";
  /** Its name. */
  readonly target?: string;
  /** Its id; nothing: it was no execution. */
  readonly executionId?: string;
  /** Which attempt it was. */
  readonly attempt?: number;
}

/** How many characters of the stack of a failed execution are kept by those who waited for it. */
const ORIGIN_LIMIT = 2_000;

/**
 * The failed execution and its stack, for printing below the stack of those who waited for it.
 *
 * @param error what that one was told
 * @returns the text behind `Caused by: `; nothing: no execution failed
 */
export function originOf(error: FailedExecution): string | undefined {
  const { kind = "execution", target = "", executionId, attempt = 1, type, message, stack } = error;
  if (executionId === undefined) return undefined;
  const tries = attempt > 1 ? `, attempt ${attempt}` : "";
  // Errors come from workers in any language.
  const own = typeof stack === "string" && stack !== "" ? stack : `${type}: ${message}`;
  return fitStack(`${kind} ${JSON.stringify(target)} (${executionId})${tries}: ${own}`, ORIGIN_LIMIT);
}
