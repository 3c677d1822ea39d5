/**
 * Makes a failing program small: statements are taken out, blocks opened, expressions replaced by their parts.
 *
 * @module
 */

import { type Node, parse } from "acorn";
import { PRELUDE } from "./generate/program.ts";

interface Edit {
  start: number;
  end: number;
  text: string;
}

/** How many candidates are tried at most. */
const MAX_TRIES = 3000;
const HEAD = "async () => {";

/** The smallest program found for which `fails` still holds. */
export async function reduceSource(
  source: string,
  fails: (source: string) => Promise<boolean>,
): Promise<string> {
  let best = source;
  let tries = 0;
  for (let progress = true; progress;) {
    progress = false;
    for (const edit of editsOf(best)) {
      if (tries++ > MAX_TRIES) return tidy(best);
      const candidate = best.slice(0, edit.start) + edit.text + best.slice(edit.end);
      if (candidate.length >= best.length || !parses(candidate) || !await fails(candidate)) continue;
      best = candidate;
      progress = true;
      break;
    }
  }
  return tidy(best);
}

function tidy(source: string): string {
  return source.replaceAll(/\n\s*\n/g, "\n");
}

function parses(source: string): boolean {
  try {
    parse(`${HEAD}${source}\n}`, { ecmaVersion: 2025 });
    return true;
  } catch {
    return false;
  }
}

/** Every edit of the part behind the prelude, those that take most away first. */
function editsOf(source: string): Edit[] {
  const edits: Edit[] = [];
  const from = source.startsWith(PRELUDE) ? PRELUDE.length : 0;
  visit(parse(`${HEAD}${source}\n}`, { ecmaVersion: 2025 }), (node) => {
    const start = node.start - HEAD.length;
    const end = node.end - HEAD.length;
    if (start < from || end > source.length) return;
    const inner = (child: Node): string => source.slice(child.start - HEAD.length, child.end - HEAD.length);
    if (/Statement$|Declaration$/.test(node.type)) {
      edits.push({ start, end, text: "" });
      for (const child of childrenOf(node)) {
        if (child.type === "BlockStatement") edits.push({ start, end, text: inner(child).slice(1, -1) });
      }
    } else if (/Expression$|Literal$/.test(node.type)) {
      edits.push({ start, end, text: "0" });
      for (const child of childrenOf(node)) {
        if (/Expression$|Literal$|Identifier$/.test(child.type)) {
          edits.push({ start, end, text: `(${inner(child)})` }, { start, end, text: inner(child) });
        }
      }
    }
  });
  const removed = (edit: Edit): number => edit.end - edit.start - edit.text.length;
  return edits.filter((edit) => removed(edit) > 0).sort((a, b) => removed(b) - removed(a));
}

function visit(node: Node, seen: (node: Node) => void): void {
  seen(node);
  for (const child of childrenOf(node)) visit(child, seen);
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter((value): value is Node =>
    typeof value === "object" && value !== null && "type" in value && "start" in value
  );
}
