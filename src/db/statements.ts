/** A statement of a file of behaviour, and what it is about. */
export interface Statement {
  /** Its text, without the comment before it and the semicolon. */
  readonly text: string;
  /** The name of the function, procedure or view that it makes, or makes room for; nothing: it does something else. */
  readonly makes?: string;
  /** What it comments on: `function`, `column` …, and its name as `comment on` has it. */
  readonly comment?: { readonly kind: string; readonly object: string; readonly literal: string };
}

// A comment, a quoted text or name, a body in dollars, the end of a statement, or anything else.
const token = /--.*|'(?:[^']|'')*'|"[^"]*"|(\$\w*\$)[^]*?\1|;|[^'"$;-]+|[^]/g;
const making =
  /^(?:create (?:or replace )?(?:function|procedure|view)|drop (?:function|procedure|view) if exists) rhythm\.(\w+)/;
const commenting = /^comment on (\w+) ([\s\S]+?) is\s+('[\s\S]*')$/;

/**
 * The statements of a file of ours.
 *
 * @param text the file
 * @returns its statements in their order
 */
export function splitStatements(text: string): Statement[] {
  const statements: Statement[] = [];
  let current = "";
  const end = (): void => {
    if (current.trim() !== "") statements.push(known(current.trim()));
    current = "";
  };
  for (const [part] of text.matchAll(token)) {
    if (part === ";") end();
    else if (!part.startsWith("--") || current.trim() !== "") current += part;
  }
  end();
  return statements;
}

function known(text: string): Statement {
  const makes = making.exec(text)?.[1];
  if (makes !== undefined) return { text, makes };
  const [, kind, object, literal] = commenting.exec(text) ?? [];
  return kind === undefined ? { text } : { text, comment: { kind, object: object!, literal: literal! } };
}
