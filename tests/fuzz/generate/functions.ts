/**
 * Generates functions: declarations (hoisted), expressions, arrows; recursive, asynchronous, with defaults and rest.
 *
 * @module
 */

import { call, expression, risky } from "./expression.ts";
import type { Callable, Scope } from "./scope.ts";
import { returned, statements } from "./statements.ts";

/** A function, and mostly a call of it right away. */
export function functionStatement(scope: Scope): string {
  const { dice } = scope;
  if (dice.chance(12)) return deadZone(scope);
  const callable: Callable = {
    name: scope.fresh("f"),
    parameters: dice.below(4),
    asynchronous: dice.chance(45),
    throws: dice.chance(30),
  };
  const hoisted = dice.chance(50);
  const text = hoisted ? declared(scope, callable) : assigned(scope, callable);
  scope.callables.push(callable);
  const use = useOf(scope, callable);
  return hoisted && dice.chance(40) && scope.depth > 0 ? `${use}\n${text}` : `${text}\n${use}`;
}

function useOf(scope: Scope, callable: Callable): string {
  const { dice } = scope;
  const text = call(scope, callable, 1);
  if (callable.asynchronous && !scope.asynchronous) {
    return `${text}.then((v) => log("then", v), (e) => log("rejected", e));`;
  }
  const value = callable.asynchronous
    ? dice.chance(85) ? `await ${text}` : `${text}.catch((e) => log("late", e))`
    : text;
  const logged = `log("${callable.name}", ${value});`;
  return callable.throws ? `try { ${logged} } catch (e) { log("threw", e); }` : logged;
}

function declared(scope: Scope, callable: Callable): string {
  const { head, inner } = signature(scope, callable);
  return `${callable.asynchronous ? "async " : ""}function ${callable.name}(${head}) {\n${
    bodyOf(inner, callable).join("\n")
  }\n}`;
}

function assigned(scope: Scope, callable: Callable): string {
  const { head, inner } = signature(scope, callable);
  const lines = bodyOf(inner, callable);
  const prefix = callable.asynchronous ? "async " : "";
  const text = scope.dice.chance(70)
    ? `${prefix}(${head}) => {\n${lines.join("\n")}\n}`
    : `${prefix}function ${scope.dice.pick(["", "self"])}(${head}) {\n${lines.join("\n")}\n}`;
  return `const ${callable.name} = ${text};`;
}

function signature(scope: Scope, callable: Callable): { head: string; inner: Scope } {
  const { dice } = scope;
  const inner = scope.enter({
    asynchronous: callable.asynchronous,
    guarded: callable.throws,
    loop: false,
    breakable: false,
    labels: [],
  });
  const defaults = scope.enter({ asynchronous: false, guarded: false });
  const parts = Array.from({ length: callable.parameters }, () => {
    const name = scope.fresh("p");
    const roll = dice.below(100);
    const text = roll < 25
      ? `${name} = tap("default", ${expression(defaults, "p", 1)})`
      : roll < 33
      ? `{ a: ${name} = 1 } = {}`
      : name;
    inner.declare(name, "p", { constant: roll >= 25 && roll < 33 });
    defaults.declare(name, "p", { constant: true });
    return text;
  });
  if (dice.chance(20)) {
    const name = scope.fresh("rest");
    inner.declare(name, "a", { constant: true });
    parts.push(`...${name}`);
  }
  return { head: parts.join(", "), inner };
}

function bodyOf(inner: Scope, callable: Callable): string[] {
  const { dice } = inner;
  const lines = ["if (fuel-- <= 0) return 0;"];
  if (dice.chance(20)) lines.push(recursion(inner, callable));
  lines.push(...statements(inner, 1 + dice.below(3)));
  if (callable.throws && dice.chance(60)) {
    lines.push(`if (${expression(inner, "b", 1)}) throw ${expression(inner, dice.pick(["e", "p"]), 1)};`);
    if (dice.chance(30)) lines.push(`log("risk", ${risky(inner)});`);
  }
  if (dice.chance(75)) lines.push(`return ${returned(inner)};`);
  return lines;
}

function recursion(inner: Scope, callable: Callable): string {
  const args = Array.from({ length: callable.parameters }, () => expression(inner, "p", 0)).join(", ");
  const again = callable.asynchronous ? `await ${callable.name}(${args})` : `${callable.name}(${args})`;
  return callable.throws
    ? `if (fuel % 4 !== 0) return ${again};`
    : `if (fuel % 3 === 1) log("again", ${again});`;
}

/** A use before the declaration has run, which only shows at run time. */
function deadZone(scope: Scope): string {
  const [name, reader] = [scope.fresh("z"), scope.fresh("r")];
  const declaration = scope.dice.pick([
    `let ${name} = ${expression(scope, "p", 1)};`,
    `const ${name} = ${expression(scope, "p", 1)};`,
  ]);
  const use = scope.dice.pick(
    [`${name}`, `typeof ${name}`, `(${name} = 1)`].slice(0, declaration.startsWith("let") ? 3 : 2),
  );
  return `{ const ${reader} = () => ${use}; try { log("early", ${reader}()); } catch (e) { log("zone", e); } ${declaration} log("late", ${reader}()); }`;
}
