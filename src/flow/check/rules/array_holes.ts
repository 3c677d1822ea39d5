import type { Rule } from "../rule.ts";

/** Refuse `[,]`: arrays have no holes. */
export const arrayHoles: Rule = (flow, report) => {
  for (const { node } of flow.all("ArrayExpression")) {
    if (node.elements.includes(null)) {
      report("F0121", node, "arrays have no holes", "write `undefined`, or use `Array.from({ length: n })`");
    }
  }
};
