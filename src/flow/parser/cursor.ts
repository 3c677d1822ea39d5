import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { type Code, CODES } from "../diagnostics/codes.ts";
import { MAX_NESTING, type Node } from "./ast.ts";
import { RESERVED } from "./names.ts";
import { runAt } from "./parsimmon.ts";
import { space } from "./spaces.ts";
import { makeToken, type Problem, type Token } from "./token.ts";
import { anyToken } from "./tokens.ts";

/** Thrown where reading cannot go on; caught at the statement. */
export class SyntaxProblem extends Error {
  override readonly name = "SyntaxProblem";
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/** What the function around the cursor allows. */
export interface FunctionScope {
  async: boolean;
  generator: boolean;
  /** Labels in force, where the statement of each begins, and whether that is a loop. */
  labels: { name: string; at: number; loop: boolean }[];
  loops: number;
  switches: number;
  /** Where the last `await` or `yield` of this very function began, or -1. */
  awaitAt: number;
}

/** Optional words of a report. */
export interface ReportOptions {
  hint?: string;
}

/** An operator at the end of a line. */
const OPEN_END = /[-+*/%&|^<>=!?]{1,4}$/;

const ILLEGAL_CHARACTER = "is not a character that can stand here";

/** Walks over the tokens of a source and gathers what is wrong with it. */
export class Cursor {
  readonly problems: Problem[] = [];
  /** Errors of literals, by place. They do not count if the literal turns out to be a pattern. */
  readonly pending: Map<number, Problem> = new Map();
  /** Nodes that stood in parentheses, and where those began. */
  readonly parens: WeakMap<Node, number> = new WeakMap();
  /** Spreads followed by a comma, which patterns do not allow. */
  readonly spreadCommas: WeakSet<Node> = new WeakSet();
  token: Token;
  previousEnd: number;
  /** Where an arrow function may begin. */
  arrowAt = -1;
  /** True in the head of a `for`, where `in` is no operator. */
  noIn = false;
  /** True once a statement could not be read and was left out. */
  recovered = false;
  scope: FunctionScope = newScope({ async: true, generator: false });
  #depth = 0;
  #muted = 0;

  constructor(readonly source: string, start: number) {
    this.previousEnd = start;
    this.token = this.#scan(start);
  }

  /** Whether the token is this punctuator. */
  is(text: string): boolean {
    return this.token.text === text && this.token.kind === "punctuator";
  }

  /** Whether the token is this word, written without escapes. */
  isWord(text: string): boolean {
    const { token } = this;
    return token.text === text && token.kind === "name" && !token.escaped;
  }

  /** Go to the next token, giving the one left behind. */
  next(): Token {
    const token = this.token;
    if (token.problem) this.add(token.problem);
    this.previousEnd = token.end;
    this.token = this.#scan(token.end);
    return token;
  }

  /** Go on from an offset: after a token that only the grammar could read. */
  moveTo(offset: number): void {
    this.previousEnd = offset;
    this.token = this.#scan(offset);
  }

  /** The token after this one, without going there. */
  peek(): Token {
    const problems = this.problems.length;
    const token = this.#scan(this.token.end);
    this.problems.length = problems;
    return token;
  }

  /** Take this punctuator if it is there. */
  eat(text: string): boolean {
    if (!this.is(text)) return false;
    this.next();
    return true;
  }

  /** Take this word if it is there. */
  eatWord(text: string): boolean {
    if (!this.isWord(text)) return false;
    this.next();
    return true;
  }

  /** Take this punctuator, or stop. */
  expect(text: string): Token {
    if (!this.is(text)) this.unexpected(`\`${text}\``);
    return this.next();
  }

  /** Take this word, or stop. */
  expectWord(text: string): Token {
    if (!this.isWord(text)) this.unexpected(`\`${text}\``);
    return this.next();
  }

  /** The end of a statement, by JavaScript's rules for absent semicolons. */
  semicolon(): void {
    if (this.eat(";")) return;
    if (this.is("}") || this.token.kind === "end" || this.token.newlineBefore) return;
    this.unexpected("`;` or a new line");
  }

  /** Stop: the token is not what the grammar wants. */
  unexpected(expected: string): never {
    const { token } = this;
    if (token.problem) throw new SyntaxProblem(token.problem);
    const { start, end } = token;
    if (token.kind === "end") {
      const from = Math.max(0, Math.min(start, this.previousEnd));
      const message = `the flow ends where ${expected} was expected`;
      throw new SyntaxProblem({ code: "F0001", start: from, end: from, message });
    }
    if (/expression/.test(expected)) this.refuseOpenLine();
    const code = token.kind === "name" && RESERVED.has(token.text) && /name/.test(expected)
      ? "F0007"
      : "F0001";
    const text = this.source.slice(start, Math.min(end, start + 40));
    throw new SyntaxProblem({ code, start, end, message: `expected ${expected}, found \`${text}\`` });
  }

  /** Stop at an operator that ends the line before: the mistake is there, not at this token. */
  refuseOpenLine(): void {
    const open = this.token.newlineBefore ? OPEN_END.exec(this.source.slice(0, this.previousEnd)) : null;
    if (!open) return;
    const span = { start: open.index, end: this.previousEnd };
    const message = `this line ends with \`${open[0]}\`, and the next one does not go on with an expression`;
    this.fail("F0001", span, message, { hint: "something is missing behind it" });
  }

  /** Stop with a problem of its own. */
  fail(
    code: Code,
    span: { start: number; end: number },
    message: string,
    options: ReportOptions = {},
  ): never {
    throw new SyntaxProblem({ code, start: span.start, end: span.end, message, ...options });
  }

  /** Note a problem and go on. */
  report(
    code: Code,
    span: { start: number; end: number },
    message: string,
    options: ReportOptions = {},
  ): void {
    this.add({ code, start: span.start, end: span.end, message, ...options });
  }

  /** Note a problem, unless the same place has one already. */
  add(problem: Problem): void {
    if (this.#muted > 0 && problem.code !== "F0902") return;
    this.problems.push(problem);
  }

  /** Read what is refused as a whole without also refusing its parts. */
  muted<T>(read: () => T): T {
    this.#muted++;
    try {
      return read();
    } finally {
      this.#muted--;
    }
  }

  /** Read one level deeper. */
  deeper<T>(read: () => T): T {
    if (++this.#depth > MAX_NESTING) {
      this.fail("F0902", this.token, `this is nested more than ${MAX_NESTING} levels deep`, {
        hint: "name the inner parts and move them out",
      });
    }
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }

  /** Read what stands in brackets: a level deeper, and `in` is an operator again. */
  bracketed<T>(read: () => T): T {
    const { noIn } = this;
    this.noIn = false;
    try {
      return this.deeper(read);
    } finally {
      this.noIn = noIn;
    }
  }

  /** Read a function's parameters or body, with its own rules. */
  inFunction<T>(kind: { async: boolean; generator: boolean }, read: () => T): T {
    const { scope } = this;
    this.scope = newScope(kind);
    try {
      return read();
    } finally {
      this.scope = scope;
    }
  }

  /** What was found wrong, as diagnostics in the order of the source. */
  diagnostics(): Diagnostic[] {
    const seen = new Set<string>();
    const found: Diagnostic[] = [];
    for (const problem of [...this.problems, ...this.pending.values()].sort((a, b) => a.start - b.start)) {
      const key = `${problem.code}@${problem.start}`;
      if (seen.has(key)) continue;
      seen.add(key);
      found.push({ ...problem, severity: CODES[problem.code].severity });
    }
    return found;
  }

  #scan(at: number): Token {
    const { source } = this;
    const before = runAt(space, source, at).value;
    if (before.problem) this.add(before.problem);
    const reply = runAt(anyToken, source, before.end);
    const token = reply.status ? reply.value : this.#illegal(before.end);
    token.newlineBefore = before.newline;
    return token;
  }

  #illegal(at: number): Token {
    const character = String.fromCodePoint(this.source.codePointAt(at)!);
    const token = makeToken("punctuator", at, at + character.length, character);
    token.problem = {
      code: "F0002",
      start: at,
      end: token.end,
      message: `\`${character}\` ${ILLEGAL_CHARACTER}`,
    };
    return token;
  }
}

function newScope(kind: { async: boolean; generator: boolean }): FunctionScope {
  return { ...kind, labels: [], loops: 0, switches: 0, awaitAt: -1 };
}
