/** What stands in an answer for a value that its reader may not see. */
export const HIDDEN: { readonly $: "hidden" } = { $: "hidden" };

/** What stands for a text. */
export const HIDDEN_TEXT = "(hidden)";

// Members of answers whose values come from inputs, results, variables or people's code, wherever they are.
const VALUES = new Set([
  "inputs",
  "output",
  "payload",
  "answer",
  "progress",
  "checkpoint",
  "data",
  "args",
  "set",
  "snapshot",
]);
const TEXTS = new Set(["message", "errorMessage", "stack", "heldKey"]);
// What changed. A gate has a task `before` it, which is a text.
const CHANGES = new Set(["before", "after"]);
// Names stay, values do not.
const MAPS = new Set(["variables"]);

/**
 * An answer without the values of executions, for those who may only see what happens and when. Every answer goes through here, so
 * that no route decides for itself.
 */
export function withoutValues(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(withoutValues);
  if (typeof answer !== "object" || answer === null || answer instanceof Date) return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => {
      if (value === null || value === undefined) return [name, value];
      if (VALUES.has(name) || (CHANGES.has(name) && typeof value === "object")) return [name, HIDDEN];
      if (MAPS.has(name)) return [name, valuesHidden(value)];
      if (TEXTS.has(name) && typeof value === "string") return [name, HIDDEN_TEXT];
      // It quotes the error.
      if (name === "sentence" && "error" in answer) return [name, FAILED];
      return [name, withoutValues(value)];
    }),
  );
}

const FAILED = "An attempt failed. Its message is hidden";

function valuesHidden(variables: unknown): unknown {
  if (typeof variables !== "object" || variables === null) return HIDDEN;
  return Object.fromEntries(Object.keys(variables).map((name) => [name, HIDDEN]));
}
