/**
 * The syntax tree of a flow: ESTree's shapes, with offsets into the source on every node. What the flow language
 * refuses (classes, `this`, generators, tagged templates …) has no node.
 *
 * Depth: nesting is limited, so a recursive walk is safe, with one exception. The left spine of `BinaryExpression`
 * and `LogicalExpression` (`a + b + c + …`) may be as long as the source, so walk it with a loop.
 * An `else if` chain has at most {@link MAX_ELSE_IF} links.
 *
 * @module
 */

/** How deep brackets, blocks, functions, operators and member chains may nest. */
export const MAX_NESTING = 256;

/** How many `else if` may follow one `if`. */
export const MAX_ELSE_IF = 1_000;

/** What every node carries: its place, as offsets into the source (UTF-16 units, end exclusive). */
export interface NodeBase {
  start: number;
  end: number;
}

/** The root: the body of an async function in strict mode. */
export interface Program extends NodeBase {
  type: "Program";
  body: Statement[];
}

/** Any node at all. */
export type Node =
  | Program
  | Statement
  | Expression
  | Pattern
  | VariableDeclarator
  | SwitchCase
  | CatchClause
  | Property
  | AssignmentProperty
  | SpreadElement
  | TemplateElement;

/** A statement or declaration. */
export type Statement =
  | VariableDeclaration
  | FunctionDeclaration
  | ExpressionStatement
  | BlockStatement
  | EmptyStatement
  | IfStatement
  | WhileStatement
  | DoWhileStatement
  | ForStatement
  | ForOfStatement
  | ForInStatement
  | SwitchStatement
  | BreakStatement
  | ContinueStatement
  | ReturnStatement
  | ThrowStatement
  | TryStatement
  | LabeledStatement;

/** `let a = 1, b` or `const [c] = d`. */
export interface VariableDeclaration extends NodeBase {
  type: "VariableDeclaration";
  kind: "let" | "const";
  declarations: VariableDeclarator[];
}

/** One `pattern = init` of a declaration. */
export interface VariableDeclarator extends NodeBase {
  type: "VariableDeclarator";
  id: Pattern;
  init: Expression | null;
}

/** What function declarations, function expressions and arrows share. */
export interface FunctionBase extends NodeBase {
  params: Pattern[];
  async: boolean;
  generator: boolean;
}

/** `function f() {}` or `async function f() {}` as a statement. */
export interface FunctionDeclaration extends FunctionBase {
  type: "FunctionDeclaration";
  id: Identifier;
  expression: boolean;
  body: BlockStatement;
}

/** An expression used as a statement; `directive` is set on `"use strict"` and its like. */
export interface ExpressionStatement extends NodeBase {
  type: "ExpressionStatement";
  expression: Expression;
  directive?: string;
}

/** `{ … }` */
export interface BlockStatement extends NodeBase {
  type: "BlockStatement";
  body: Statement[];
}

/** A lone `;`. */
export interface EmptyStatement extends NodeBase {
  type: "EmptyStatement";
}

/** `if (test) consequent else alternate` */
export interface IfStatement extends NodeBase {
  type: "IfStatement";
  test: Expression;
  consequent: Statement;
  alternate: Statement | null;
}

/** `while (test) body` */
export interface WhileStatement extends NodeBase {
  type: "WhileStatement";
  test: Expression;
  body: Statement;
}

/** `do body while (test)` */
export interface DoWhileStatement extends NodeBase {
  type: "DoWhileStatement";
  body: Statement;
  test: Expression;
}

/** `for (init; test; update) body` */
export interface ForStatement extends NodeBase {
  type: "ForStatement";
  init: VariableDeclaration | Expression | null;
  test: Expression | null;
  update: Expression | null;
  body: Statement;
}

/** `for (left of right) body` */
export interface ForOfStatement extends NodeBase {
  type: "ForOfStatement";
  await: boolean;
  left: VariableDeclaration | Pattern;
  right: Expression;
  body: Statement;
}

/** `for (left in right) body` */
export interface ForInStatement extends NodeBase {
  type: "ForInStatement";
  left: VariableDeclaration | Pattern;
  right: Expression;
  body: Statement;
}

/** `switch (discriminant) { cases }` */
export interface SwitchStatement extends NodeBase {
  type: "SwitchStatement";
  discriminant: Expression;
  cases: SwitchCase[];
}

/** `case test:` or, with `test` null, `default:`. */
export interface SwitchCase extends NodeBase {
  type: "SwitchCase";
  test: Expression | null;
  consequent: Statement[];
}

/** `break label` */
export interface BreakStatement extends NodeBase {
  type: "BreakStatement";
  label: Identifier | null;
}

/** `continue label` */
export interface ContinueStatement extends NodeBase {
  type: "ContinueStatement";
  label: Identifier | null;
}

/** `return argument` */
export interface ReturnStatement extends NodeBase {
  type: "ReturnStatement";
  argument: Expression | null;
}

/** `throw argument` */
export interface ThrowStatement extends NodeBase {
  type: "ThrowStatement";
  argument: Expression;
}

/** `try block catch (…) {} finally {}`: at least one of handler and finalizer. */
export interface TryStatement extends NodeBase {
  type: "TryStatement";
  block: BlockStatement;
  handler: CatchClause | null;
  finalizer: BlockStatement | null;
}

/** `catch (param) body`; the parameter is optional. */
export interface CatchClause extends NodeBase {
  type: "CatchClause";
  param: Pattern | null;
  body: BlockStatement;
}

/** `label: body` */
export interface LabeledStatement extends NodeBase {
  type: "LabeledStatement";
  label: Identifier;
  body: Statement;
}

/** An expression. */
export type Expression =
  | Identifier
  | Literal
  | TemplateLiteral
  | ArrayExpression
  | ObjectExpression
  | FunctionExpression
  | ArrowFunctionExpression
  | UnaryExpression
  | UpdateExpression
  | BinaryExpression
  | LogicalExpression
  | AssignmentExpression
  | ConditionalExpression
  | SequenceExpression
  | CallExpression
  | NewExpression
  | MemberExpression
  | ChainExpression
  | AwaitExpression;

/** A name, escapes decoded. */
export interface Identifier extends NodeBase {
  type: "Identifier";
  name: string;
}

/** A number, string, boolean, `null`, or a regular expression (then `regex` is set and `value` is null). */
export interface Literal extends NodeBase {
  type: "Literal";
  value: string | number | boolean | null;
  raw: string;
  regex?: { pattern: string; flags: string };
}

/** A template literal: one more quasi than expressions. */
export interface TemplateLiteral extends NodeBase {
  type: "TemplateLiteral";
  quasis: TemplateElement[];
  expressions: Expression[];
}

/** The text between two holes of a template. */
export interface TemplateElement extends NodeBase {
  type: "TemplateElement";
  value: { raw: string; cooked: string };
  tail: boolean;
}

/** `[a, ...b]`; a hole is `null` in the tree and an error in the checks. */
export interface ArrayExpression extends NodeBase {
  type: "ArrayExpression";
  elements: (Expression | SpreadElement | null)[];
}

/** `{ a, b: 1, [c]: 2, d() {}, ...e }` */
export interface ObjectExpression extends NodeBase {
  type: "ObjectExpression";
  properties: (Property | SpreadElement)[];
}

/** One member of an object literal. */
export interface Property extends NodeBase {
  type: "Property";
  method: boolean;
  shorthand: boolean;
  computed: boolean;
  key: Expression;
  value: Expression;
  kind: "init";
}

/** `...argument` in a call, an array or an object. */
export interface SpreadElement extends NodeBase {
  type: "SpreadElement";
  argument: Expression;
}

/** `function () {}`, and the value of a method. */
export interface FunctionExpression extends FunctionBase {
  type: "FunctionExpression";
  id: Identifier | null;
  expression: boolean;
  body: BlockStatement;
}

/** `(a) => a` (then `expression` is true) or `(a) => { … }`. */
export interface ArrowFunctionExpression extends FunctionBase {
  type: "ArrowFunctionExpression";
  id: null;
  expression: boolean;
  body: BlockStatement | Expression;
}

/** The operators of {@link UnaryExpression}. */
export type UnaryOperator = "-" | "+" | "!" | "~" | "typeof" | "void" | "delete";

/** `-a`, `typeof a`, … */
export interface UnaryExpression extends NodeBase {
  type: "UnaryExpression";
  operator: UnaryOperator;
  prefix: true;
  argument: Expression;
}

/** `++a` or `a++` */
export interface UpdateExpression extends NodeBase {
  type: "UpdateExpression";
  operator: "++" | "--";
  prefix: boolean;
  argument: Identifier | MemberExpression;
}

/** The operators of {@link BinaryExpression}. */
export type BinaryOperator =
  | "=="
  | "!="
  | "==="
  | "!=="
  | "<"
  | "<="
  | ">"
  | ">="
  | "<<"
  | ">>"
  | ">>>"
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "**"
  | "|"
  | "^"
  | "&"
  | "in"
  | "instanceof";

/** `left + right`; the left spine may be long, see the module's words on depth. */
export interface BinaryExpression extends NodeBase {
  type: "BinaryExpression";
  operator: BinaryOperator;
  left: Expression;
  right: Expression;
}

/** `left && right`; the left spine may be long, see the module's words on depth. */
export interface LogicalExpression extends NodeBase {
  type: "LogicalExpression";
  operator: "&&" | "||" | "??";
  left: Expression;
  right: Expression;
}

/** The operators of {@link AssignmentExpression}. */
export type AssignmentOperator =
  | "="
  | "+="
  | "-="
  | "*="
  | "/="
  | "%="
  | "**="
  | "<<="
  | ">>="
  | ">>>="
  | "|="
  | "^="
  | "&="
  | "||="
  | "&&="
  | "??=";

/** `left = right`; only `=` takes an object or array pattern. */
export interface AssignmentExpression extends NodeBase {
  type: "AssignmentExpression";
  operator: AssignmentOperator;
  left: Pattern;
  right: Expression;
}

/** `test ? consequent : alternate` */
export interface ConditionalExpression extends NodeBase {
  type: "ConditionalExpression";
  test: Expression;
  consequent: Expression;
  alternate: Expression;
}

/** `a, b, c` */
export interface SequenceExpression extends NodeBase {
  type: "SequenceExpression";
  expressions: Expression[];
}

/** `callee(arguments)` or, inside a {@link ChainExpression}, `callee?.(arguments)`. */
export interface CallExpression extends NodeBase {
  type: "CallExpression";
  callee: Expression;
  arguments: (Expression | SpreadElement)[];
  optional: boolean;
}

/** `new callee(arguments)` */
export interface NewExpression extends NodeBase {
  type: "NewExpression";
  callee: Expression;
  arguments: (Expression | SpreadElement)[];
}

/** `object.property`, `object[property]` or, inside a {@link ChainExpression}, `object?.property`. */
export interface MemberExpression extends NodeBase {
  type: "MemberExpression";
  object: Expression;
  property: Expression;
  computed: boolean;
  optional: boolean;
}

/** The extent that one `?.` cuts short. */
export interface ChainExpression extends NodeBase {
  type: "ChainExpression";
  expression: CallExpression | MemberExpression;
}

/** `await argument` */
export interface AwaitExpression extends NodeBase {
  type: "AwaitExpression";
  argument: Expression;
}

/** What can be assigned to or bound; a `MemberExpression` only outside declarations. */
export type Pattern =
  | Identifier
  | MemberExpression
  | ObjectPattern
  | ArrayPattern
  | AssignmentPattern
  | RestElement;

/** `{ a, b: c = 1, ...rest }` on the left of `=`. */
export interface ObjectPattern extends NodeBase {
  type: "ObjectPattern";
  properties: (AssignmentProperty | RestElement)[];
}

/** One member of an object pattern. */
export interface AssignmentProperty extends NodeBase {
  type: "Property";
  method: false;
  shorthand: boolean;
  computed: boolean;
  key: Expression;
  value: Pattern;
  kind: "init";
}

/** `[a, , b = 1, ...rest]` on the left of `=`; an elision is `null`. */
export interface ArrayPattern extends NodeBase {
  type: "ArrayPattern";
  elements: (Pattern | null)[];
}

/** `left = right` inside a pattern: a default. */
export interface AssignmentPattern extends NodeBase {
  type: "AssignmentPattern";
  left: Pattern;
  right: Expression;
}

/** `...argument` in a pattern or in parameters. */
export interface RestElement extends NodeBase {
  type: "RestElement";
  argument: Pattern;
}

/** Any of the three kinds of function. */
export type FunctionNode = FunctionDeclaration | FunctionExpression | ArrowFunctionExpression;
