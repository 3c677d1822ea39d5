import type { Rule } from "../rule.ts";

/** Refuse a second declaration of a name in one scope, functions included. */
export const redeclarations: Rule = (flow, report) => {
  for (const { node, first } of flow.redeclarations) {
    if (node.start === first.node.start) continue;
    const what = first.kind === "param"
      ? "a parameter"
      : first.kind === "catch"
      ? "the caught error"
      : "declared";
    report(
      "F0203",
      node,
      `\`${node.name}\` is already ${what} in this scope`,
      "choose another name, or assign to the first one",
    );
  }
};
