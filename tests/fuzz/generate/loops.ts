/**
 * Generates loops. Every loop burns fuel, so that every program ends.
 *
 * @module
 */

import { expression } from "./expression.ts";
import type { Scope } from "./scope.ts";
import { block, exitStatement } from "./statements.ts";

const ITERABLES = ["$a", "$a", "$s", "$t", "$m.keys()", "$m.values()", "$a.keys()", "$a.values()"];
const PAIRS = ["$m", "$a.entries()", "Object.entries($o)", "$m.entries()", "$t.entries()"];

/** Any loop, sometimes with a label. */
export function loopStatement(scope: Scope): string {
  const { dice } = scope;
  if (dice.chance(8)) return labelledBlock(scope);
  const name = dice.chance(30) ? scope.fresh("L") : undefined;
  const labels = name ? [...scope.labels, { name, loop: true }] : scope.labels;
  const inner = scope.enter({ loop: true, breakable: true, labels });
  const text = dice.pick([
    forLoop,
    forLoop,
    ofLoop,
    ofLoop,
    ofLoop,
    pairLoop,
    inLoop,
    whileLoop,
    doLoop,
    closureLoop,
  ])(scope, inner);
  return name ? `${name}: ${text}` : text;
}

function body(inner: Scope): string {
  const exit = inner.dice.chance(25) ? exitStatement(inner) : undefined;
  const leave = exit ? `if (${expression(inner, "b", 1)}) ${exit}\n` : "";
  return block(inner).replace("{\n", () => `{\nif (fuel-- <= 0) break;\n${leave}`);
}

function forLoop(scope: Scope, inner: Scope): string {
  const name = scope.fresh("i");
  inner.declare(name, "n", { constant: true });
  const limit = 1 + scope.dice.below(4);
  const start = scope.dice.chance(80)
    ? `let ${name} = 0`
    : `let ${name} = 0, ${name}b = ${expression(scope, "p", 1)}`;
  return `for (${start}; ${name} < ${limit}; ${
    scope.dice.pick([`${name}++`, `++${name}`, `${name} += 1`])
  }) ${body(inner)}`;
}

function ofLoop(scope: Scope, inner: Scope): string {
  const name = scope.fresh("v");
  const iterable = scope.dice.pick(ITERABLES).replace(
    /\$([a-z])/,
    (_, kind) => `(${expression(scope, kind, 1)})`,
  );
  inner.declare(name, "p", { constant: true });
  return `for (${scope.dice.pick(["const", "let"])} ${name} of ${iterable}) ${body(inner)}`;
}

function pairLoop(scope: Scope, inner: Scope): string {
  const [key, value] = [scope.fresh("k"), scope.fresh("v")];
  const iterable = scope.dice.pick(PAIRS).replace(
    /\$([a-z])/,
    (_, kind) => `(${expression(scope, kind, 1)})`,
  );
  inner.declare(key, "p", { constant: true });
  inner.declare(value, "p", { constant: true });
  return `for (const [${key}, ${value}] of ${iterable}) ${body(inner)}`;
}

function inLoop(scope: Scope, inner: Scope): string {
  const name = scope.fresh("k");
  inner.declare(name, "s", { constant: true });
  return `for (const ${name} in ${expression(scope, scope.dice.pick(["o", "o", "a", "s"]), 1)}) ${
    body(inner)
  }`;
}

function whileLoop(scope: Scope, inner: Scope): string {
  return `while (fuel-- > 0 && ${
    scope.dice.chance(50) ? "fuel % 3 !== 0" : `(${expression(scope, "b", 1)})`
  }) ${body(inner)}`;
}

function doLoop(scope: Scope, inner: Scope): string {
  return `do ${body(inner)} while (fuel-- > 0 && (${expression(scope, "b", 1)}));`;
}

/** Closures made by the iterations, called afterwards: each has its own variables. */
function closureLoop(scope: Scope, inner: Scope): string {
  const [list, name] = [scope.fresh("fs"), scope.fresh("i")];
  inner.declare(name, "n", { constant: true });
  const made = `${list}.push(() => ${name}${scope.dice.pick(["", " * 2", "++", " += 10"])});`;
  const loop = `for (let ${name} = 0; ${name} < 3; ${name}++) { ${made} ${
    scope.dice.chance(40) ? `${name} += 0;` : ""
  } }`;
  return `{ const ${list} = []; ${loop} log("closures", ${list}.map((f) => [f(), f()])); }`;
}

function labelledBlock(scope: Scope): string {
  const name = scope.fresh("B");
  const inner = scope.enter({ labels: [...scope.labels, { name, loop: false }] });
  const text = block(inner);
  return `${name}: ${
    text.replace(/\}$/, () => `if (${expression(scope, "b", 1)}) break ${name};\nlog("past ${name}");\n}`)
  }`;
}
