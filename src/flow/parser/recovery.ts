import type { Cursor } from "./cursor.ts";
import type { Problem } from "./token.ts";

const STARTERS: ReadonlySet<string> = new Set(
  "let const var function async class if for while do return throw try switch break continue await import export"
    .split(" "),
);

/**
 * After a statement that could not be read: note why, and go to where the next one is likely to begin. That is after a
 * `;`, before the brace that closes the block around, or at a line that begins as a statement does.
 */
export function recover(c: Cursor, problem: Problem, start: number): void {
  c.recovered = true;
  c.add(problem);
  let depth = 0;
  if (c.token.start === start) c.next();
  while (c.token.kind !== "end") {
    if (depth === 0) {
      if (c.is("}")) return;
      if (c.eat(";")) return;
      if (c.token.newlineBefore && beginsStatement(c)) return;
    }
    if (c.is("{")) depth++;
    else if (c.is("}")) depth--;
    if (c.token.kind === "template") skipTemplate(c);
    else c.next();
  }
}

function beginsStatement(c: Cursor): boolean {
  const { kind, text } = c.token;
  if (kind !== "name") return false;
  if (STARTERS.has(text)) return true;
  return !["in", "of", "instanceof", "else", "catch", "finally", "case", "default"].includes(text);
}

function skipTemplate(c: Cursor): void {
  const close = c.source.indexOf("`", c.token.end);
  c.moveTo(close < 0 ? c.source.length : close + 1);
}
