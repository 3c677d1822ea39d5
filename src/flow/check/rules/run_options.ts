import {
  fits,
  type OptionEntry,
  optionsIn,
  type OptionType,
  retryOptionsIn,
  wantedBy,
} from "../../../shared/options.ts";
import { nearest } from "../../../shared/suggest.ts";
import type { Node, Property } from "../../parser/ast.ts";
import { certainValue, globalName, memberName, type Report, type Rule } from "../rule.ts";
import type { Scope } from "../scope.ts";

const CHILD = optionsIn("child");
const RETRY = retryOptionsIn("child");
const DURATION: OptionType = { kind: "duration" };
const TIMEOUT: readonly OptionEntry[] = [{ name: "timeout", type: DURATION, in: [], help: "" }];
/** Where options stand in a call, and which there are. */
const CALLS: Readonly<Record<string, { at: number; entries: readonly OptionEntry[] }>> = {
  "Task.run": { at: 2, entries: CHILD },
  "Workflow.run": { at: 2, entries: CHILD },
  "Signal.when": { at: 1, entries: TIMEOUT },
  "Signal.next": { at: 1, entries: TIMEOUT },
};

/** Warn of options that do not exist, and of values that an option cannot have: the call would throw. */
export const runOptions: Rule = (flow, report) => {
  for (const { node, scope } of flow.all("CallExpression")) {
    if (node.callee.type !== "MemberExpression") continue;
    const called = `${globalName(node.callee.object, scope)}.${memberName(node.callee)}`;
    if (node.arguments.some((argument) => argument.type === "SpreadElement")) continue;
    if (called === "Timer.delay" && node.arguments[0] !== undefined) {
      checkValue(node.arguments[0], { type: DURATION, what: `the duration of ${called}` }, report);
    }
    const options = CALLS[called];
    const given = options && node.arguments[options.at];
    if (given) checkOptions(certainValue(given, scope), { entries: options.entries, called, scope }, report);
  }
};

function checkOptions(
  options: Node,
  about: { entries: readonly OptionEntry[]; called: string; scope: Scope },
  report: Report,
): void {
  if (options.type !== "ObjectExpression") return;
  const { entries, called, scope } = about;
  for (const property of options.properties) {
    const name = property.type === "Property" ? nameOf(property) : undefined;
    if (name === undefined) continue;
    const { key, value } = property as Property;
    const entry = entries.find((one) => one.name === name);
    if (entry === undefined) {
      const names = entries.map((one) => one.name);
      const meant = nearest(name, names);
      report(
        "F0306",
        key,
        `\`${called}\` has no option \`${name}\``,
        meant === undefined ? `it has ${names.join(", ")}` : `write \`${meant}\``,
      );
    } else if (entry.type.kind === "retry" && value.type === "ObjectExpression") {
      checkOptions(value, { entries: RETRY, called: "retry", scope }, report);
    } else {
      checkValue(value, { type: entry.type, what: `the option \`${name}\`` }, report);
    }
  }
}

function nameOf({ computed, key }: Property): string | undefined {
  if (key.type === "Literal") return String(key.value);
  return !computed && key.type === "Identifier" ? key.name : undefined;
}

// Only what stands there as a text or number: the rest is known when it runs.
function checkValue(node: Node, about: { type: OptionType; what: string }, report: Report): void {
  if (node.type !== "Literal" || typeof node.value !== "string" && typeof node.value !== "number") return;
  const { type, what } = about;
  // A flow's moments may be milliseconds, too.
  if (type.kind === "moment" && typeof node.value === "number") return;
  if (!fits(type, node.value)) {
    report(
      "F0307",
      node,
      `${JSON.stringify(node.value).slice(0, 60)} cannot be ${what}`,
      `write ${wantedBy(type)}`,
    );
  }
}
