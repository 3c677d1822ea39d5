/**
 * Puts a whole program together: a prelude written in the language itself, then statements, then a return.
 *
 * @module
 */

import type { Dice } from "./dice.ts";
import { expression } from "./expression.ts";
import { Scope } from "./scope.ts";
import { statements } from "./statements.ts";
import type { JsonValue } from "../../../src/shared/json.ts";

/** A program and the order in which its world settles what it waits for. */
export interface Program {
  readonly source: string;
  readonly order: number;
  readonly inputs: JsonValue;
}

const INPUTS: JsonValue = {
  a: 1,
  b: "two",
  c: null,
  x: [1, 2],
  list: ["y", 3],
  o: { a: { b: true }, k1: "k" },
};

/** What every program starts with: rendering of any value, logging, limits. */
export const PRELUDE = `const show = (v, d = 3) => {
  if (typeof v === "string") return JSON.stringify(v);
  if (typeof v === "function") return "fn " + v.name + "/" + v.length;
  if (v === null || typeof v !== "object") return v === 0 && 1 / v < 0 ? "-0" : String(v);
  if (d < 0) return "..";
  const list = (items, n) => items.slice(0, 12).map((i) => show(i, n)).join(" ") + (items.length > 12 ? "…" + items.length : "");
  if (Array.isArray(v)) return "[" + list(v, d - 1) + "]";
  if (v instanceof Map) return "Map{" + list([...v].flat(), d - 1) + "}";
  if (v instanceof Set) return "Set{" + list([...v], d - 1) + "}";
  if (v instanceof Date) return "Date " + v.getTime();
  if (v instanceof RegExp) return String(v) + "@" + v.lastIndex;
  if (v instanceof Promise) return "Promise";
  if (v instanceof Error) return v.name + "<" + v.message + ">" + (v.cause === undefined ? "" : show(v.cause, d - 1)) + (v.errors ? list(v.errors, d - 1) : "");
  return "{" + Object.keys(v).slice(0, 12).map((k) => k + ":" + show(v[k], d - 1)).join(" ") + "}";
};
const log = (t, v) => console.log(t + " " + show(v));
const tap = (t, v) => { console.log("tap " + show(t)); return v; };
const lim = (v) => typeof v === "string" && v.length > 40 ? v.slice(0, 40) : v;
const few = (v) => v.length > 8 ? v.slice(0, 8) : v;
const part = (v) => typeof v === "object" && v !== null ? v : {};
let fuel = 120, spare = 0;
const box = {};
`;

/** Generate one program. */
export function generateProgram(dice: Dice): Program {
  const scope = new Scope(dice);
  const guarded = dice.chance(12);
  scope.guarded = guarded;
  const lines = statements(scope, 7 + dice.below(10));
  const open = !/^(return|throw)\b/.test(lines.at(-1) ?? "");
  if (open) {
    lines.push(`log("end", ${expression(scope, "x", 2)});`);
    if (dice.chance(80)) {
      lines.push(
        `return ${dice.chance(50) ? expression(scope, "p", 2) : "show(" + expression(scope, "x", 1) + ")"};`,
      );
    }
  }
  const body = guarded
    ? `try {\n${lines.join("\n")}\n} catch (e) {\nlog("uncaught", e);\nthrow e;\n}`
    : lines.join("\n");
  return { source: `${PRELUDE}${body}\n`, order: dice.below(1 << 30), inputs: INPUTS };
}
