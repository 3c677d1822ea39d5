import { BUILT_INS } from "../names.ts";
import type { Rule } from "../rule.ts";

/** Warn where a name of the durable API is given another meaning. */
export const shadowing: Rule = (flow, report) => {
  for (const { name, node } of flow.bindings) {
    if (!BUILT_INS.get(name)?.durable) continue;
    report("F0205", node, `\`${name}\` hides the durable API's \`${name}\``, "choose another name");
  }
};
