/**
 * What V8's side says of a value that JSON cannot carry across the border of a flow.
 *
 * @module
 */

/** `value`, or a TypeError that names the part that is a function, a promise, or above itself. */
export function carried(value: unknown, what: string, above: readonly unknown[] = []): unknown {
  const problem = typeof value === "function"
    ? "it is a function"
    : above.includes(value)
    ? "it contains itself"
    : value instanceof Promise
    ? "it is a promise; await it first"
    : undefined;
  if (problem) {
    throw Object.assign(new TypeError(`Cannot store ${what} as JSON: ${problem}`), { code: "FLOW_JSON" });
  }
  if (typeof value !== "object" || value === null) return value;
  const path = [...above, value];
  if (Array.isArray(value)) value.forEach((item, index) => carried(item, `${what}[${index}]`, path));
  else if (typeof (value as { toJSON?: unknown }).toJSON !== "function" && isPlain(value)) {
    for (const [key, member] of Object.entries(value)) carried(member, `${what}.${key}`, path);
  }
  return value;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
