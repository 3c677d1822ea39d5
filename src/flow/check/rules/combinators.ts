import { certainValue, globalName, memberName, type Rule } from "../rule.ts";

const KEYED: Readonly<Record<string, string>> = {
  all: "allKeyed",
  allSettled: "allSettledKeyed",
  any: "any_kv",
  race: "race_kv",
};

/** Warn of an object where `Promise.all` and its kin take a list. */
export const combinators: Rule = (flow, report) => {
  for (const { node, scope } of flow.all("CallExpression")) {
    if (node.callee.type !== "MemberExpression" || globalName(node.callee.object, scope) !== "Promise") {
      continue;
    }
    const name = memberName(node.callee) ?? "";
    const [first] = node.arguments;
    if (!Object.hasOwn(KEYED, name) || !first || first.type === "SpreadElement") continue;
    if (certainValue(first, scope).type !== "ObjectExpression") continue;
    report(
      "F0312",
      first,
      `\`Promise.${name}\` takes a list, and this is an object`,
      `write \`Promise.${KEYED[name]}\`, which takes an object of promises`,
    );
  }
};
