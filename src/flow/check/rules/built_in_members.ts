import { BUILT_INS, HIDDEN_MEMBERS, OBJECT_MEMBERS, REFUSED_MEMBERS } from "../names.ts";
import { nearest } from "../../../shared/suggest.ts";
import { globalName, memberName, type Rule } from "../rule.ts";

/** Refuse static members of built-ins that are not offered, and changes to any of them. */
export const builtInMembers: Rule = (flow, report) => {
  for (const { node, parent, scope } of flow.all("MemberExpression")) {
    const owner = globalName(node.object, scope);
    const builtIn = owner === undefined ? undefined : BUILT_INS.get(owner);
    if (!builtIn || builtIn.kind === "value" || owner === "Inputs") continue;
    const name = memberName(node);
    const written = parent?.type === "AssignmentExpression" && parent.left === node ||
      parent?.type === "UpdateExpression" ||
      parent?.type === "UnaryExpression" && parent.operator === "delete";
    if (written && owner !== "Context") {
      report(
        "F0131",
        node,
        `\`${owner}\` is a built-in: its members cannot be changed`,
        "keep the value in a variable",
      );
    } else if (name !== undefined && !isOffered(name, builtIn.kind, builtIn.members)) {
      const meant = nearest(name, builtIn.members);
      const hint = meant ? `did you mean \`${owner}.${meant}\`?` : replacement(owner!, name, builtIn.members);
      const code = builtIn.durable ? "F0206" : "F0128";
      report(code, node.property, `\`${owner}.${name}\` is not offered`, hint);
    }
  }
};

function isOffered(name: string, kind: string, members: readonly string[]): boolean {
  // Refused by name for every value: the rule of prototype members reports these.
  if (HIDDEN_MEMBERS.has(name) || REFUSED_MEMBERS.any!.has(name) || REFUSED_MEMBERS.function!.has(name)) {
    return true;
  }
  if (members.includes(name) || OBJECT_MEMBERS.has(name)) return true;
  return kind !== "namespace" && kind !== "data" && (name === "name" || name === "length");
}

function replacement(owner: string, name: string, members: readonly string[]): string | undefined {
  if (owner === "Object" && /^(?:freeze|seal|preventExtensions|isFrozen)$/.test(name)) {
    return "leave it out: copy with `{ ...object }` where a change must not show";
  }
  if (owner === "Object" && name === "create") return "write an object literal";
  return members.length > 0 && members.length < 12
    ? `it offers ${members.map((member) => `\`${member}\``).join(", ")}`
    : undefined;
}
