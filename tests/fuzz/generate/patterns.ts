/**
 * Generates destructuring: declarations and assignments, nested, with defaults and rest.
 *
 * @module
 */

import { expression } from "./expression.ts";
import type { Scope } from "./scope.ts";

/** A statement that takes a value apart. */
export function patternStatement(scope: Scope): string {
  const { dice } = scope;
  if (dice.chance(25)) return assignmentPattern(scope);
  const names: string[] = [];
  const value = dice.chance(60) ? expression(scope, "o", 1) : undefined;
  const text = value === undefined ? arrayPattern(scope, names, 2) : objectPattern(scope, names, 2);
  const source = value ??
    (dice.chance(70)
      ? expression(scope, "a", 1)
      : dice.pick(['"text"', "new Set([1, 2])", "new Map([[1, 2]])"]));
  const constant = dice.chance(40);
  for (const name of names) scope.declare(name, "x", { constant: true });
  const logs = names.slice(0, 3).map((name) => ` log("${name}", ${name});`).join("");
  return `${constant ? "const" : "let"} ${text} = ${source};${logs}`;
}

function arrayPattern(scope: Scope, names: string[], depth: number): string {
  const { dice } = scope;
  const parts = Array.from(
    { length: 1 + dice.below(3) },
    () => dice.chance(10) ? "" : element(scope, names, depth),
  );
  if (parts.at(-1) === "") parts.push(element(scope, names, 0));
  if (dice.chance(25)) parts.push(`...${bind(scope, names)}`);
  return `[${parts.join(", ")}]`;
}

function objectPattern(scope: Scope, names: string[], depth: number): string {
  const { dice } = scope;
  const keys = ["a", "b", "c", "d", "x"];
  const parts = Array.from({ length: 1 + dice.below(3) }, () => {
    const key = dice.chance(15) ? `[tap("key", "${dice.pick(keys)}")]` : dice.pick(keys);
    return `${key}: ${element(scope, names, depth)}`;
  });
  if (dice.chance(25)) parts.push(`...${bind(scope, names)}`);
  return `{ ${parts.join(", ")} }`;
}

function element(scope: Scope, names: string[], depth: number): string {
  const { dice } = scope;
  const roll = dice.below(100);
  if (depth > 0 && roll < 10 && scope.guarded) {
    return `${arrayPattern(scope, names, depth - 1)} = [${expression(scope, "p", 0)}]`;
  }
  if (depth > 0 && roll < 20) return `{ length: ${bind(scope, names)} = 0 } = "abc"`;
  const wait = scope.asynchronous && dice.chance(10) ? "await " : "";
  const fallback = roll < 60 ? ` = ${wait}tap("default", ${expression(scope, "p", 1)})` : "";
  return bind(scope, names) + fallback;
}

function bind(scope: Scope, names: string[]): string {
  const name = scope.fresh("v");
  names.push(name);
  return name;
}

function assignmentPattern(scope: Scope): string {
  const { dice } = scope;
  const first = scope.variable(["p"], { assignable: true })?.name ?? "spare";
  const second = scope.variable(["p"], { assignable: true })?.name ?? "spare";
  const object = scope.variable(["o"])?.name ?? "box";
  const p = (): string => expression(scope, "p", 1);
  return dice.pick([
    () => `[${first}, ${second}] = [${second}, ${first}];`,
    () => `[${first} = ${p()}, ...${object}.b] = [${p()}, ${p()}];`,
    () => `({ a: ${first} = tap("d", ${p()}), ["b"]: ${object}.c } = ${expression(scope, "o", 1)} ?? {});`,
    () => `log("value", [${first}, ${second} = ${p()}] = [${p()}]);`,
    () => `for ([${first}, ${object}.d] of [[${p()}, ${p()}], [1]]) log("of", ${first});`,
    () => `({ ...${object}.b } = { x: ${p()}, y: 1 }); delete ${object}.b;`,
  ])();
}
