/**
 * Generates an expression by filling the holes of templates.
 *
 * @module
 */

import { AWAITS } from "./promise_rules.ts";
import { RISKY, RULES } from "./rules.ts";
import type { Kind, Scope } from "./scope.ts";

const NUMBERS = [
  "0",
  "1",
  "2",
  "3",
  "7",
  "-1",
  "-0",
  "0.5",
  "1.5",
  "10",
  "42",
  "100",
  "0x1f",
  "0b101",
  "0o17",
  "1e3",
  "1_000",
  "NaN",
  "Infinity",
  "2147483648",
  "1e21",
  "1e-7",
  "255",
];
const STRINGS = [
  '""',
  '"a"',
  '"b"',
  '"abc"',
  '"12"',
  '" 3 "',
  '"x-y"',
  "'q\\'s'",
  '"A b"',
  '"1e3"',
  '"é😀z"',
  '"\\u0041\\x42\\n"',
  '"ab12cd"',
  "`t`",
  '"-0"',
  '"true"',
  '"null"',
  '"0x10"',
  '"Zz"',
];
const SHORT = ['"a"', '"b"', '"-"', '""', '"1"', '"ab"', '" "', '","', '"."', '"z"'];
const KEYS = ["a", "b", "c", "d", "k1", "length", "name", "x"];
const REGEXPS = [
  "/a/",
  "/[b-d]+/g",
  "/(\\d+)(\\w)?/",
  "/x?/g",
  "/^.|.$/gm",
  "/\\b/g",
  "/A/i",
  "/./su",
  "/(?:ab|a)(c)?/",
  "/[^a-z]/gi",
  "/\\s+/",
  "/(?<first>\\w)(?<second>\\w)/",
  "/a|b|/g",
  "/\\d{1,2}/y",
  "/\\p{L}+/u",
  "/(a)|(b)|(c)/g",
  "/((a)|b)*/",
  "/(?:a|ab)(?:c|bcd)?/",
  "/(z)?(.)/g",
  "/[\\s\\S]*?b/",
  "/\\B./g",
  "/x*?$/m",
  "/(?<n>\\d+)|[^\\d]+/dg",
  "/^(?:\\w{2,}|)$/i",
];
const COMPARATORS = [
  "(v, w) => String(v) < String(w) ? -1 : String(v) > String(w) ? 1 : 0",
  "(v, w) => (Number(v) || 0) - (Number(w) || 0)",
  "(v, w) => String(w).length - String(v).length",
  "() => 0",
];
const FUNCTIONS = [
  "String",
  "Number",
  "Boolean",
  "parseFloat",
  "isNaN",
  "Math.abs",
  "Array.isArray",
  "Array.of",
  "JSON.stringify",
  "(a, b) => a",
  "(a, b = 1, ...c) => [a, b]",
  "async (a) => a",
  "function named(a, b = 1) { return b; }",
  "function () { return 1; }",
  "show",
  "lim",
];
const CONCRETE: readonly Kind[] = ["n", "s", "b", "p", "a", "o", "x"];

/** How often a hole is filled with a variable instead of a template. */
const VARIABLE_PERCENT = 45;

/** An expression of `kind`, nested at most `depth` levels. */
export function expression(scope: Scope, kind: Kind, depth = 2): string {
  const { dice } = scope;
  if (kind === "P" || kind === "Q") return promise(scope, kind, depth);
  const variable = dice.chance(depth <= 0 ? 80 : VARIABLE_PERCENT)
    ? scope.variable(fitting(kind))
    : undefined;
  if (variable) return variable.name;
  if (depth <= 0) return literal(scope, kind);
  const special = specialExpression(scope, kind, depth);
  return special ?? fill(scope, dice.pick(RULES[kind]), depth - 1);
}

function promise(scope: Scope, kind: "P" | "Q", depth: number): string {
  const { dice } = scope;
  const variable = kind === "P" && dice.chance(30) ? scope.variable(["P"]) : undefined;
  if (variable) return variable.name;
  const callable = dice.chance(35) ? scope.callable({ asynchronous: true, throws: kind === "Q" }) : undefined;
  if (callable) return call(scope, callable, depth - 1);
  if (depth <= 0) return fill(scope, kind === "P" ? "Promise.resolve($p)" : "Promise.reject($p)", 0);
  return fill(scope, dice.pick(RULES[kind]), depth - 1);
}

function specialExpression(scope: Scope, kind: Kind, depth: number): string | undefined {
  const { dice } = scope;
  if (kind === "x" && scope.asynchronous && dice.chance(12)) return fill(scope, dice.pick(AWAITS), depth - 1);
  if ((kind === "x" || kind === "p") && scope.guarded && dice.chance(8)) return `lim(${risky(scope, depth)})`;
  if ((kind !== "x" && kind !== "p") || !dice.chance(12)) return undefined;
  const callable = scope.callable({ asynchronous: false, throws: scope.guarded && dice.chance(50) });
  return callable && call(scope, callable, depth - 1);
}

/** An expression that may throw. */
export function risky(scope: Scope, depth = 2): string {
  if (scope.asynchronous && scope.dice.chance(25)) return fill(scope, "await $Q", depth - 1);
  return fill(scope, scope.dice.pick(RISKY), depth - 1);
}

/** A call of a declared function, mostly with the number of arguments it takes. */
export function call(scope: Scope, callable: { name: string; parameters: number }, depth: number): string {
  const count = scope.dice.chance(80) ? callable.parameters : scope.dice.below(3);
  const args = Array.from({ length: count }, () => expression(scope, "p", Math.min(depth, 1)));
  if (scope.dice.chance(8)) args.push(`...${expression(scope, "a", 0)}`);
  return `${callable.name}(${args.join(", ")})`;
}

function fitting(kind: Kind): readonly Kind[] {
  if (kind === "x") return ["x", "p", "n", "s", "a", "o", "m", "t", "d", "e", "r"];
  if (kind === "p") return ["p", "n", "s", "b"];
  return [kind];
}

function literal(scope: Scope, kind: Kind): string {
  const { dice } = scope;
  const chosen = kind === "x" || kind === "p" ? dice.pick(CONCRETE.slice(0, kind === "p" ? 3 : 6)) : kind;
  switch (chosen) {
    case "n":
      return parenthesized(dice.pick(NUMBERS));
    case "s":
      return dice.pick(STRINGS);
    case "b":
      return dice.pick(["true", "false"]);
    case "a":
      return dice.pick([
        "[]",
        "[1, 2, 3]",
        '["b", "a"]',
        "[3, 1, 2]",
        "[undefined, null, 0]",
        "[[1], [2, [3]]]",
      ]);
    case "o":
      return dice.pick([
        "({})",
        "({ a: 1 })",
        "({ b: 2, a: 1 })",
        '({ c: "x", length: 2 })',
        "({ a: { b: 1 } })",
      ]);
    case "m":
      return "new Map([[1, 2]])";
    case "t":
      return "new Set([1, 2])";
    case "d":
      return "new Date(86400000)";
    case "e":
      return 'new Error("e")';
    case "r":
      return dice.pick(REGEXPS);
    default:
      return dice.pick(["null", "undefined", "0", '"p"']);
  }
}

function parenthesized(number: string): string {
  return number.startsWith("-") || /^\d+$/.test(number) ? `(${number})` : number;
}

/** `template` with every hole filled. Holes may stand inside its arrow functions, where `await` is not allowed. */
export function fill(outer: Scope, template: string, depth: number): string {
  const plainFunction = /=>|\{ return/.test(template) && !template.includes("async (");
  const scope = outer.asynchronous && plainFunction ? outer.enter({ asynchronous: false }) : outer;
  return template.replace(/\$([a-zA-Z])/g, (_, hole: string) => fillHole(scope, hole, depth));
}

function fillHole(scope: Scope, hole: string, depth: number): string {
  const { dice } = scope;
  switch (hole) {
    case "i":
      return String(dice.below(5));
    case "K":
      return dice.pick(KEYS);
    case "k":
      return JSON.stringify(dice.pick(KEYS));
    case "q":
      return dice.pick(SHORT);
    case "R":
      return dice.pick(REGEXPS);
    case "c":
      return dice.pick(COMPARATORS);
    case "F":
      return scope.pure ? `(${dice.pick(FUNCTIONS)})` : `tap("fn", ${dice.pick(FUNCTIONS)})`;
    case "f":
      return callback(scope, ["v", "i"], depth);
    case "g":
      return callback(scope, ["acc", "v"], depth);
    case "h":
      return callback(scope, ["v"], depth);
    case "A":
      return scope.variable(["a"])?.name ?? "[1, 2]";
    case "O":
      return scope.variable(["o"])?.name ?? "({ a: 1 })";
    case "M":
      return scope.variable(["m"])?.name ?? "new Map()";
    case "T":
      return scope.variable(["t"])?.name ?? "new Set([1])";
    case "V":
      return scope.variable(["p"], { assignable: true })?.name ?? "spare";
    default:
      return operand(expression(scope, hole as Kind, depth));
  }
}

/** `text` so that it can stand left of a dot, or in front of an operator. */
function operand(text: string): string {
  if (/^[\w$]+$/.test(text) && !/^\d/.test(text)) return text;
  if (/^(\[[^[\]]*\]|"[^"]*"|\([^()]*\)|[\w.]+\([^()]*\))$/.test(text)) return text;
  return `(${text})`;
}

function callback(scope: Scope, parameters: string[], depth: number): string {
  const inner = scope.enter({
    asynchronous: false,
    loop: false,
    breakable: false,
    labels: [],
    guarded: false,
  });
  for (const parameter of parameters) inner.declare(parameter, "p", { constant: true });
  const body = expression(inner, "p", Math.min(depth, 1));
  const shown = scope.dice.chance(15) && !scope.pure
    ? `(log("cb", ${parameters[0]}), lim(${body}))`
    : `lim(${body})`;
  return `(${parameters.join(", ")}) => ${shown}`;
}
