import { describe, InvalidOptionError } from "../define/mod.ts";

/** Checks the name of a step. */
export function checkStepName(name: unknown, where: string): asserts name is string {
  const wrong = typeof name !== "string" || name === "" || name.length > 200 || name.trim() !== name;
  if (wrong || /[#\p{Cc}]/u.test(name)) {
    throw new InvalidOptionError(
      "name",
      `${where}: "name" must be the name of a step: a text of 1 to 200 characters, without # and control characters, not ${
        describe(name)
      }`,
    );
  }
}

/**
 * The name of a step or workflow that was declared by its function alone.
 *
 * @param fn the function
 * @param about what else was given, and what was called
 * @returns its name; checked by who uses it
 * @throws {InvalidOptionError} the function has none
 */
export function nameOfFunction(
  fn: { readonly name: string },
  about: { rest: readonly unknown[]; what: "step" | "workflow" },
): string {
  const { rest, what } = about;
  if (rest.every((one) => one === undefined) && fn.name !== "") return fn.name;
  throw new InvalidOptionError(
    "name",
    `${what}(): "name" must come first, not a function: ${what}(name, fn), ${what}(name, options, fn), ` +
      `or ${what}(fn) for a function that has a name`,
  );
}

/** Checks the key that tells calls of one step apart. */
export function checkKey(key: unknown, where: string): asserts key is string | number {
  const isText = typeof key === "string" && key !== "" && key.length <= 200 && !/\p{Cc}/u.test(key);
  if (isText || Number.isFinite(key)) return;
  throw new InvalidOptionError(
    "key",
    `${where}: "key" must be a number or a text of 1 to 200 characters, not ${describe(key)}`,
  );
}

/** The name under which the result of one of several calls is stored. */
export function keyed(name: string, key: string | number): string {
  return `${name}#${key}`;
}

/** Counts calls that have no key of their own: `sleep#1`, `sleep#2`, … */
export class Counter {
  readonly #counts = new Map<string, number>();

  /** The name of the next call. */
  next(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return keyed(name, count);
  }
}
