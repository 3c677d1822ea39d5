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
const TIMEOUT: readonly OptionEntry[] = [{ name: "timeout", type: { kind: "duration" }, in: [], help: "" }];

/** An argument of a call: what it is called, what it can be, and whether the call needs it. */
interface Argument {
  readonly name: string;
  readonly type:
    | OptionType
    | { readonly kind: "options"; readonly entries: readonly OptionEntry[] }
    | "anything";
  readonly needed?: true;
  /** Another rule refuses what is no text. */
  readonly isTarget?: true;
}

const run: readonly Argument[] = [
  { name: "name", type: { kind: "name" }, isTarget: true },
  { name: "inputs", type: "anything" },
  { name: "options", type: { kind: "options", entries: CHILD } },
];
const wait: readonly Argument[] = [
  { name: "name", type: { kind: "name" }, isTarget: true },
  { name: "options", type: { kind: "options", entries: TIMEOUT } },
];
const CALLS: Readonly<Record<string, readonly Argument[]>> = {
  "Task.run": run,
  "Workflow.run": run,
  "Workflow.continueAs": [{ name: "inputs", type: "anything" }],
  "Signal.next": wait,
  "Signal.when": wait,
  "Signal.send": [
    { name: "execution", type: { kind: "key" }, needed: true },
    { name: "name", type: { kind: "name" }, needed: true },
    { name: "payload", type: "anything" },
  ],
  "Timer.delay": [{ name: "duration", type: { kind: "duration" }, needed: true }],
  "Timer.until": [{ name: "moment", type: { kind: "moment" }, needed: true }],
};

/** Warn of arguments and options of the durable API that cannot be, where the text says what they are: the call would throw. */
export const durableArguments: Rule = (flow, report) => {
  for (const { node, scope } of flow.all("CallExpression")) {
    if (node.callee.type !== "MemberExpression") continue;
    const called = `${globalName(node.callee.object, scope)}.${memberName(node.callee)}`;
    const spread = node.arguments.findIndex((argument) => argument.type === "SpreadElement");
    (Object.hasOwn(CALLS, called) ? CALLS[called]! : []).forEach(
      ({ name, type, needed, isTarget }, index) => {
        if (type === "anything" || spread >= 0 && spread <= index) return;
        const given = node.arguments[index];
        const what = `the ${name} of \`${called}\``;
        if (given === undefined) {
          if (needed && type.kind !== "options") {
            report("F0307", node, `\`${called}\` needs a ${name}`, `write ${wantedBy(type)}`);
          }
        } else if (type.kind === "options") {
          checkOptions(given, { entries: type.entries, called, scope, what }, report);
        } else if (!isTarget || readsAsText(given, scope)) checkValue(given, { type, what, scope }, report);
      },
    );
  }
};

function checkOptions(
  given: Node,
  about: { entries: readonly OptionEntry[]; called: string; scope: Scope; what: string },
  report: Report,
): void {
  const { entries, called, scope, what } = about;
  const options = certainValue(given, scope);
  const names = entries.map((one) => one.name);
  if (options.type !== "ObjectExpression") {
    const read = readValue(options);
    if (read === undefined || read.value === undefined || read.value === null) return;
    report("F0307", given, `${read.shown} cannot be ${what}`, `write \`{ ${names[0]}: … }\``);
    return;
  }
  for (const property of options.properties) {
    const name = property.type === "Property" ? nameOf(property) : undefined;
    if (name === undefined) continue;
    const { key, value } = property as Property;
    const entry = entries.find((one) => one.name === name);
    if (entry === undefined) {
      const meant = nearest(name, names);
      report(
        "F0306",
        key,
        `\`${called}\` has no option \`${name}\``,
        meant === undefined ? `it has ${names.join(", ")}` : `write \`${meant}\``,
      );
    } else if (entry.type.kind === "retry" && certainValue(value, scope).type === "ObjectExpression") {
      checkOptions(value, { entries: RETRY, called: "retry", scope, what: "" }, report);
    } else if (entry.type.kind === "parts" && certainValue(value, scope).type === "ObjectExpression") {
      checkOptions(value, { entries: entry.type.parts, called: name, scope, what: "" }, report);
    } else {
      checkValue(value, { type: entry.type, what: `the option \`${name}\``, scope }, report);
    }
  }
}

function nameOf({ computed, key }: Property): string | undefined {
  if (key.type === "Literal") return String(key.value);
  return !computed && key.type === "Identifier" ? key.name : undefined;
}

function checkValue(
  node: Node,
  about: { type: OptionType; what: string; scope: Scope },
  report: Report,
): void {
  const { type, what, scope } = about;
  const read = readValue(certainValue(node, scope));
  // An option may be absent.
  if (read === undefined || read.value === undefined || read.value === null) return;
  // A flow's moments may be milliseconds, too.
  if (type.kind === "moment" && typeof read.value === "number") return;
  if (!fits(type, read.value)) {
    report("F0307", node, `${read.shown} cannot be ${what}`, `write ${wantedBy(type)}`);
  }
}

function readsAsText(node: Node, scope: Scope): boolean {
  return typeof readValue(certainValue(node, scope))?.value === "string";
}

/** What the text says that a value is; nothing: that is known when it runs. */
function readValue(node: Node): { value: unknown; shown: string } | undefined {
  switch (node.type) {
    case "Literal":
      if (node.regex) return { value: [], shown: "a regular expression" };
      return { value: node.value, shown: JSON.stringify(node.value).slice(0, 60) };
    case "TemplateLiteral": {
      if (node.expressions.length > 0) return undefined;
      const text = node.quasis[0]!.value.cooked;
      return { value: text, shown: JSON.stringify(text).slice(0, 60) };
    }
    case "UnaryExpression": {
      const inner = node.operator === "-" ? readValue(node.argument) : undefined;
      return typeof inner?.value === "number" ? { value: -inner.value, shown: `-${inner.shown}` } : undefined;
    }
    case "ArrayExpression":
      return { value: [], shown: "an array" };
    case "ObjectExpression":
      return { value: {}, shown: "an object" };
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return { value: () => {}, shown: "a function" };
    default:
      return undefined;
  }
}
