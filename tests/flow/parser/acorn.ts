import { parse } from "acorn";
import type { Node, Program } from "../../../src/flow/parser/mod.ts";

const HEAD = 'async()=>{"use strict";';

// deno-lint-ignore no-explicit-any
type Loose = any;

/** What acorn makes of a flow's code, offsets moved to those of the code alone. */
export function acornBody(source: string): unknown {
  const root: Loose = parse(`${HEAD}${source}\n}`, { ecmaVersion: "latest" });
  return plain(root.body[0].expression.body.body.slice(1), HEAD.length);
}

/** Our tree in the same plain form. */
export function ownBody(ast: Program): unknown {
  return plain(ast.body as Node[], 0);
}

function plain(value: Loose, offset: number): Loose {
  if (Array.isArray(value)) return value.map((item) => plain(item, offset));
  if (value instanceof RegExp || value === null || typeof value !== "object") {
    return value instanceof RegExp ? null : value;
  }
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.map(([key, field]) => {
    if (key === "start" || key === "end") return [key, (field as number) - offset];
    // A regular expression has no value of its own in our tree.
    return [key, key === "value" && value.regex ? null : plain(field, offset)];
  }));
}
