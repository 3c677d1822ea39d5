import type { Expression, TemplateElement, TemplateLiteral } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readExpression } from "./expressions.ts";
import { runAt } from "./parsimmon.ts";
import { unclosed } from "./strings.ts";
import { SyntaxProblem } from "./cursor.ts";
import { templateText } from "./tokens.ts";

/** A template literal, its holes nested to any depth. */
export function readTemplate(c: Cursor): TemplateLiteral {
  const { start } = c.token;
  const quasis: TemplateElement[] = [];
  const expressions: Expression[] = [];
  let at = c.token.end;
  for (;;) {
    const reply = runAt(templateText, c.source, at);
    if (!reply.status) {
      throw new SyntaxProblem(unclosed(start, "close it with a backtick", "template literal"));
    }
    const { raw, cooked, tail, textEnd, end, problem } = reply.value;
    if (problem) c.add(problem);
    quasis.push({ type: "TemplateElement", start: at, end: textEnd, value: { raw, cooked }, tail });
    c.moveTo(end);
    if (tail) return { type: "TemplateLiteral", start, end, quasis, expressions };
    expressions.push(c.bracketed(() => readExpression(c)));
    if (!c.is("}")) c.unexpected("`}`");
    at = c.token.end;
  }
}
