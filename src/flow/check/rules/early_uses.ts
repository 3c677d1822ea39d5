import type { Rule } from "../rule.ts";

/** Refuse what is certain to be used before its declaration has run; what a closure does is left to run time. */
export const earlyUses: Rule = (flow, report) => {
  for (const { node, binding, scope } of flow.references) {
    if (!binding || binding.scope.owner !== scope.owner) continue;
    if (node.start >= binding.readyAt) continue;
    report(
      "F0204",
      node,
      `\`${node.name}\` is used before its declaration has run`,
      "move the declaration up",
    );
  }
};
