/**
 * Generates statements: declarations, assignments, conditions, and whatever the other files of this folder add.
 *
 * @module
 */

import { asynchronousStatement } from "./asynchronous.ts";
import { expression, fill, risky } from "./expression.ts";
import { functionStatement } from "./functions.ts";
import { loopStatement } from "./loops.ts";
import { oddStatement } from "./odd.ts";
import { patternStatement } from "./patterns.ts";
import type { Kind, Scope } from "./scope.ts";
import { tryStatement } from "./tries.ts";

const WEIGHTS = {
  declare: 18,
  log: 16,
  assign: 16,
  method: 10,
  condition: 8,
  loop: 10,
  pattern: 7,
  try: 9,
  function: 8,
  asynchronous: 10,
  switch: 4,
  block: 2,
  odd: 6,
};
const DEEPEST = 4;
const DECLARED: readonly Kind[] = ["p", "p", "n", "s", "a", "a", "o", "o", "m", "t", "d", "e", "r", "x"];
const METHODS = [
  "$A.push($p) > 9 && $A.splice(0, 5);",
  "$A.reverse();",
  "$A.sort($c);",
  "$A.sort();",
  'log("pop", $A.pop());',
  "$A.length = Math.min($A.length, $i);",
  "if ($A.length > $j) $A[$j] = $p;",
  "$A.fill($p, $i, 3);",
  "$O.$K = $p;",
  "$O[$k] = $p;",
  "$O.$K ??= $p;",
  "$O.$K += 1;",
  "$O.$K++;",
  "delete $O.$K;",
  "$M.set($p, $p);",
  '$M.set("k" + $i, $p);',
  "$T.add($p);",
  "$M.clear();",
  '$M.forEach((v, k) => log("entry", [k, v]));',
  '$T.forEach((v) => log("member", v));',
  '$A.forEach((v, i) => log("each", [i, v]));',
  'log("entries", Object.entries($O));',
  "Object.assign(part($O), { $K: $p });",
  "if ($A.length) $A[$A.length - 1] += $i;",
  "$O.$K = [$p, $p];",
  "[$O.$K, $O.$K] = [$p, $p];",
  "({ $K: $O.$K = $p } = $o);",
  'log("sorted", $a.toSorted($c));',
  "$O.$K ||= { a: $p };",
  "$O.$K &&= $p;",
];

/** Some statements that may be the inside of a block. */
export function statements(scope: Scope, count: number): string[] {
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    const text = statement(scope);
    lines.push(text);
    if (/^(return|throw|break|continue)\b/.test(text)) break;
  }
  return lines;
}

/** A block `{ … }` of a few statements in a scope of its own. */
export function block(scope: Scope, count = 1 + scope.dice.below(3)): string {
  return `{\n${statements(scope, count).join("\n")}\n}`;
}

function statement(scope: Scope): string {
  const { dice } = scope;
  const kind = scope.depth >= DEEPEST
    ? dice.pick(["declare", "log", "assign", "method"] as const)
    : dice.weighted(WEIGHTS);
  switch (kind) {
    case "declare":
      return declaration(scope);
    case "assign":
      return assignment(scope);
    case "method":
      return methodStatement(scope);
    case "condition":
      return condition(scope);
    case "loop":
      return loopStatement(scope);
    case "pattern":
      return patternStatement(scope);
    case "try":
      return tryStatement(scope);
    case "function":
      return functionStatement(scope);
    case "asynchronous":
      return asynchronousStatement(scope);
    case "switch":
      return switchStatement(scope);
    case "block":
      return block(scope.enter({}));
    case "odd":
      return oddStatement(scope);
    default:
      return logStatement(scope);
  }
}

/** All `$A` of a template are one array, and all `$j` one index: a guard and what it guards belong together. */
function methodStatement(scope: Scope): string {
  const array = scope.variable(["a"])?.name ?? "[1, 2]";
  const template = scope.dice.pick(METHODS).replaceAll("$A", array).replaceAll(
    "$j",
    String(scope.dice.below(5)),
  );
  return fill(scope, template, 1);
}

/** A statement that logs some value. */
export function logStatement(scope: Scope): string {
  return `log(${JSON.stringify(scope.fresh("#"))}, ${expression(scope, "x", 2)});`;
}

function declaration(scope: Scope): string {
  const { dice } = scope;
  const kind = dice.pick(DECLARED);
  const constant = dice.chance(35);
  const value = expression(scope, kind, 2);
  const name = scope.fresh("v");
  scope.declare(name, kind === "n" || kind === "s" ? (constant ? kind : "p") : kind, { constant });
  const bounded = kind === "p" || kind === "s" ? `lim(${value})` : kind === "a" ? `few(${value})` : value;
  return `${constant ? "const" : "let"} ${name} = ${bounded};`;
}

function assignment(scope: Scope): string {
  const { dice } = scope;
  const kind = dice.pick(["p", "p", "p", "a", "o"] as const);
  const target = scope.variable([kind], { assignable: true });
  if (!target) return declaration(scope);
  if (kind === "a") return `${target.name} = few(${expression(scope, "a", 2)});`;
  if (kind === "o") return `${target.name} = ${expression(scope, "o", 1)};`;
  const operator = dice.pick([
    "=",
    "=",
    "+=",
    "-=",
    "*=",
    "/=",
    "%=",
    "**=",
    "&=",
    "|=",
    "^=",
    "<<=",
    ">>=",
    ">>>=",
    "&&=",
    "||=",
    "??=",
  ]);
  if (dice.chance(15)) {
    return `log("step", ${dice.pick(["++$", "--$", "$++", "$--"]).replace("$", target.name)});`;
  }
  return `${target.name} ${operator} ${bounded(expression(scope, "p", 2))};${
    operator === "+=" ? ` ${target.name} = lim(${target.name});` : ""
  }`;
}

function bounded(text: string): string {
  return /^[\w.]+$/.test(text) ? text : `lim(${text})`;
}

function condition(scope: Scope): string {
  const { dice } = scope;
  const test = expression(scope, dice.chance(70) ? "b" : "x", 2);
  const exit = dice.chance(15) ? exitStatement(scope) : undefined;
  const then = exit ?? block(scope.enter({}));
  if (dice.chance(45)) return `if (${test}) ${then}`;
  const otherwise = dice.chance(25) ? condition(scope.enter({})) : block(scope.enter({}));
  return `if (${test}) ${then} else ${otherwise}`;
}

/** A statement that leaves something: a loop, a label, the function, or (guarded) by throwing. */
export function exitStatement(scope: Scope): string | undefined {
  const { dice } = scope;
  const ways: string[] = [];
  if (scope.loop) ways.push("continue;", "break;");
  else if (scope.breakable) ways.push("break;");
  for (const label of scope.labels) {
    ways.push(`break ${label.name};`);
    if (label.loop) ways.push(`continue ${label.name};`);
  }
  if (scope.guarded) {
    ways.push(`throw ${expression(scope, dice.pick(["e", "p", "x"]), 1)};`, `log("risk", ${risky(scope)});`);
  }
  if (scope.depth > 1 && dice.chance(40)) ways.push(`return ${returned(scope)};`);
  return ways.length === 0 ? undefined : dice.pick(ways);
}

/** What a function gives back. */
export function returned(scope: Scope): string {
  return `lim(${expression(scope, "p", 2)})`;
}

function switchStatement(scope: Scope): string {
  const { dice } = scope;
  const inner = scope.enter({ breakable: true });
  const count = 1 + dice.below(4);
  const fallback = dice.below(count + 1);
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    const head = index === fallback
      ? "default:"
      : `case ${expression(inner, dice.chance(60) ? "n" : "x", 1)}:`;
    const body = statements(inner.enter({}), 1 + dice.below(2));
    if (dice.chance(55) && !/^(return|throw|break|continue)\b/.test(body.at(-1)!)) body.push("break;");
    lines.push(head, `{\n${body.join("\n")}\n}`);
  }
  const subject = expression(scope, dice.chance(50) ? "n" : "x", 1);
  return `switch (${subject}) {\n${lines.join("\n")}\n}`;
}
