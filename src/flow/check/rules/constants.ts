import type { Rule } from "../rule.ts";

/** Refuse assignment to constants and to a function expression's own name. */
export const constants: Rule = (flow, report) => {
  for (const { node, use, binding } of flow.references) {
    if (use !== "write" || !binding) continue;
    if (binding.kind === "const") {
      report(
        "F0202",
        node,
        `\`${node.name}\` is a constant and cannot be assigned to`,
        "declare it with `let`",
      );
    } else if (binding.kind === "self") {
      report("F0202", node, `\`${node.name}\` is the function's own name and cannot be assigned to`);
    }
  }
};
