import type { Node } from "../../parser/ast.ts";
import { BUILT_INS } from "../names.ts";
import { certainFunction, globalName, type Rule } from "../rule.ts";

/** Refuse `new` on what constructs nothing, wrapper objects, and arrays made by length. */
export const constructors: Rule = (flow, report) => {
  for (const { node, scope } of flow.all("NewExpression")) {
    const name = globalName(node.callee, scope);
    const kind = name === undefined ? undefined : BUILT_INS.get(name)?.kind;
    if (kind === "converter") {
      report(
        "F0125",
        node,
        `\`new ${name}\` makes a wrapper object, which is not part of the flow language`,
        converterHint(name!),
      );
    } else if (kind !== undefined && kind !== "constructor") {
      report(
        "F0126",
        node.callee,
        `\`${name}\` is not a constructor`,
        kind === "function" ? "call it without `new`" : undefined,
      );
    } else if (kind === undefined && certainFunction(node.callee, scope)) {
      report(
        "F0126",
        node.callee,
        "`new` is for the built-in constructors only",
        "call the function, and let it return an object",
      );
    }
  }
  for (const { node, scope } of [...flow.all("NewExpression"), ...flow.all("CallExpression")]) {
    const name = globalName(node.callee, scope);
    const [first, second] = node.arguments;
    if (name === "Array" && first && !second && makesHoles(first)) {
      report(
        "F0122",
        node,
        "an array cannot be made by its length: arrays have no holes",
        "use `Array.from({ length: n })`",
      );
    } else if (name === "Object" && node.type === "CallExpression") {
      report(
        "F0125",
        node,
        "`Object(…)` makes a wrapper object, which is not part of the flow language",
        converterHint(name),
      );
    }
  }
};

// A single argument that is no number becomes the array's one element.
function makesHoles(argument: Node): boolean {
  if (argument.type === "SpreadElement") return false;
  if (argument.type === "Literal") return typeof argument.value === "number" && argument.value !== 0;
  return !["TemplateLiteral", "ArrayExpression", "ObjectExpression", "ArrowFunctionExpression"].includes(
    argument.type,
  );
}

function converterHint(name: string): string {
  return name === "Object" ? "write `{}` or use the value itself" : `convert with \`${name}(value)\``;
}
