import type { Expression, FunctionNode, Node } from "../../parser/ast.ts";
import { eachChild } from "../../parser/children.ts";
import { certainFunction, certainValue, globalName, isFunction, memberName, type Rule } from "../rule.ts";
import type { Analysis, Scope } from "../scope.ts";

const RACES: ReadonlySet<string> = new Set(["race", "any", "race_kv", "any_kv"]);

/**
 * Warn of a wait for a signal in a race whose code behind it others can see: when it loses, it cannot be cancelled, and takes a
 * later signal.
 */
export const losers: Rule = (flow, report) => {
  for (const { node, scope } of flow.all("CallExpression")) {
    if (node.callee.type !== "MemberExpression" || globalName(node.callee.object, scope) !== "Promise") {
      continue;
    }
    if (!RACES.has(memberName(node.callee) ?? "")) continue;
    const [first] = node.arguments;
    for (
      const given of first && first.type !== "SpreadElement" ? membersOf(certainValue(first, scope)) : []
    ) {
      const wait = certainValue(given, scope);
      if (wait.type !== "CallExpression" || !goesOnLoudly(flow, wait, scope)) continue;
      report(
        "F0308",
        given,
        "if this wait loses, it goes on waiting and takes a later signal: code behind it could be seen",
        "race the bare `Signal.next(…)`, and act on what the race gave",
      );
    }
  }
};

function membersOf(given: Node): Expression[] {
  if (given.type === "ArrayExpression") {
    return given.elements.filter((one) => one !== null && one.type !== "SpreadElement") as Expression[];
  }
  if (given.type !== "ObjectExpression") return [];
  return given.properties.flatMap((one) => one.type === "Property" ? [one.value as Expression] : []);
}

/** `Signal.next(…).then(callback)`, or a call of an async function that waits for a signal; with something that can be seen behind it. */
function goesOnLoudly(flow: Analysis, call: Node & { type: "CallExpression" }, scope: Scope): boolean {
  const fn = certainFunction(call.callee, scope);
  if (fn !== undefined) {
    const wait = fn.async ? signalIn(fn.body, scope) : undefined;
    return wait !== undefined && isLoud(flow, fn, wait.end);
  }
  const { callee } = call;
  if (callee.type !== "MemberExpression" || !/^(?:then|catch|finally)$/.test(memberName(callee) ?? "")) {
    return false;
  }
  const before = certainValue(callee.object, scope);
  if (before.type !== "CallExpression") return false;
  const callbacks = call.arguments.map((one) => certainValue(one, scope)).filter(isFunction);
  const loud = callbacks.some((callback) => isLoud(flow, callback, callback.start));
  return (loud && isSignalWait(rootOf(before), scope)) || goesOnLoudly(flow, before, scope);
}

/** What a chain of `then` begins with. */
function rootOf(node: Node): Node {
  let at = node;
  while (at.type === "CallExpression" && at.callee.type === "MemberExpression") {
    if (at.callee.object.type !== "CallExpression") return at;
    at = at.callee.object;
  }
  return at;
}

function isSignalWait(node: Node, scope: Scope): boolean {
  return node.type === "CallExpression" && node.callee.type === "MemberExpression" &&
    globalName(node.callee.object, scope) === "Signal" &&
    /^(?:next|when)$/.test(memberName(node.callee) ?? "");
}

function signalIn(node: Node, scope: Scope): Node | undefined {
  if (isFunction(node)) return undefined;
  if (isSignalWait(node, scope)) return node;
  let found: Node | undefined;
  eachChild(node, (child) => found ??= signalIn(child, scope));
  return found;
}

/** Whether a function calls something, or changes what is not its own, behind an offset. */
function isLoud(flow: Analysis, fn: FunctionNode, from: number): boolean {
  const walk = (node: Node): boolean => {
    if (isFunction(node)) return false;
    if (node.start >= from && (isCall(node) || changesOthers(flow, node, fn))) return true;
    let loud = false;
    eachChild(node, (child) => loud ||= walk(child));
    return loud;
  };
  return walk(fn.body);
}

function isCall({ type }: Node): boolean {
  return type === "CallExpression" || type === "NewExpression" || type === "ForOfStatement";
}

function changesOthers(flow: Analysis, node: Node, fn: FunctionNode): boolean {
  if (node.type === "UnaryExpression") return node.operator === "delete";
  const changed = node.type === "AssignmentExpression"
    ? node.left
    : node.type === "UpdateExpression"
    ? node.argument
    : undefined;
  if (changed === undefined) return false;
  return flow.referenceOf(changed)?.binding?.scope.owner !== fn;
}
