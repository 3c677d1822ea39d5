import type { Code } from "../../diagnostics/codes.ts";
import { BUILT_INS, ELSEWHERE } from "../names.ts";
import { nearest } from "../../../shared/suggest.ts";
import type { Rule } from "../rule.ts";
import type { Reference, Scope } from "../scope.ts";

/** Names of JavaScript that are refused, each with its own code. */
const REFUSED: ReadonlyMap<string, { code: Code; hint: string }> = new Map([
  ["eval", { code: "F0110", hint: "write the code itself, or choose among functions with a Map" }],
  ["Function", { code: "F0111", hint: "write an arrow function" }],
  ["Symbol", { code: "F0115", hint: "use a string as the key" }],
  ["Proxy", { code: "F0116", hint: "use a function that does what the trap would do" }],
  ["Reflect", { code: "F0116", hint: "use `Object.keys`, `Object.hasOwn` or the operators" }],
  ["arguments", { code: "F0119", hint: "use a rest parameter: `(...args)`" }],
  ["globalThis", { code: "F0120", hint: "use the name itself" }],
  ["window", { code: "F0120", hint: "use the name itself" }],
  ["global", { code: "F0120", hint: "use the name itself" }],
  ["self", { code: "F0120", hint: "use the name itself" }],
]);

/** Refuse names that nothing declares: read, written or asked for with `typeof`. */
export const unknownNames: Rule = (flow, report) => {
  const hints = new Map<string, string | undefined>();
  const suggestion = ({ node, scope }: Reference): string | undefined => {
    if (!hints.has(node.name)) hints.set(node.name, suggest(node.name, scope));
    return hints.get(node.name);
  };
  for (const reference of flow.references) {
    const { node, use, binding } = reference;
    if (binding) continue;
    const { name } = node;
    const refused = REFUSED.get(name);
    if (refused) {
      report(refused.code, node, `\`${name}\` is not part of the flow language`, refused.hint);
    } else if (BUILT_INS.has(name)) {
      if (use === "write") {
        report("F0209", node, `the built-in \`${name}\` cannot be assigned to`, "declare a name of your own");
      }
    } else if (use === "write") {
      report(
        "F0207",
        node,
        `\`${name}\` is assigned to, but never declared`,
        suggestion(reference) ?? `declare it: \`let ${name}\``,
      );
    } else if (use === "typeof") {
      report("F0208", node, `\`typeof\` of \`${name}\`, a name that does not exist`, suggestion(reference));
    } else {
      report("F0201", node, `there is no \`${name}\``, suggestion(reference));
    }
  }
};

function suggest(name: string, scope: Scope): string | undefined {
  const elsewhere = ELSEWHERE.get(name);
  if (elsewhere) return elsewhere;
  const meant = nearest(name, visibleNames(scope));
  return meant && `did you mean \`${meant}\`?`;
}

function* visibleNames(scope: Scope): Iterable<string> {
  for (let at: Scope | null = scope; at; at = at.parent) yield* at.bindings.keys();
  yield* BUILT_INS.keys();
}
