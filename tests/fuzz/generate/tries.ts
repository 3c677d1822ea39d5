/**
 * Generates `try` with every kind of exit from every part of it.
 *
 * @module
 */

import { expression, risky } from "./expression.ts";
import type { Scope } from "./scope.ts";
import { exitStatement, statements } from "./statements.ts";

/** A `try` statement with a catch, a finally, or both. */
export function tryStatement(scope: Scope): string {
  const { dice } = scope;
  const hasCatch = !scope.guarded || dice.chance(75);
  const hasFinally = !hasCatch || dice.chance(45);
  const inner = scope.enter({ guarded: true });
  const lines = statements(inner, 1 + dice.below(3));
  if (dice.chance(70) && !endsInExit(lines)) lines.push(risk(inner));
  let text = `try {\n${lines.join("\n")}\n}`;
  if (hasCatch) text += ` ${catchClause(scope)}`;
  if (hasFinally) text += ` ${finallyClause(scope)}`;
  return text;
}

function risk(scope: Scope): string {
  const { dice } = scope;
  const exit = dice.chance(45) ? exitStatement(scope) : undefined;
  return exit ?? `log("risk", ${dice.chance(70) ? risky(scope) : expression(scope, "x", 2)});`;
}

function catchClause(scope: Scope): string {
  const { dice } = scope;
  const inner = scope.enter({});
  if (dice.chance(12)) return `catch {\nlog("caught");\n${statements(inner, dice.below(2)).join("\n")}\n}`;
  if (dice.chance(12)) return `catch ({ name, message = "none" }) {\nlog("caught", [name, message]);\n}`;
  const name = scope.fresh("e");
  const lines = [`log("caught", ${name});`, ...statements(inner, dice.below(3))];
  const exit = dice.chance(20) && !endsInExit(lines) ? exitStatement(inner) : undefined;
  if (exit) lines.push(exit);
  else if (scope.guarded && dice.chance(15) && !endsInExit(lines)) lines.push(`throw ${name};`);
  return `catch (${name}) {\n${lines.join("\n")}\n}`;
}

function finallyClause(scope: Scope): string {
  const { dice } = scope;
  const inner = scope.enter({});
  const lines = ['log("finally");', ...statements(inner, dice.below(2))];
  const exit = dice.chance(25) && !endsInExit(lines) ? exitStatement(inner) : undefined;
  if (exit) lines.push(dice.chance(50) ? `if (${expression(inner, "b", 1)}) ${exit}` : exit);
  return `finally {\n${lines.join("\n")}\n}`;
}

function endsInExit(lines: string[]): boolean {
  return /^(return|throw|break|continue)\b/.test(lines.at(-1) ?? "");
}
