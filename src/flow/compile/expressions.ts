import type {
  BinaryExpression,
  BinaryOperator,
  Expression,
  LogicalExpression,
  MemberExpression,
  TemplateLiteral,
  UnaryExpression,
} from "../parser/ast.ts";
import { callExpression, newExpression } from "./calls.ts";
import { chain } from "./chains.ts";
import { assignment, update } from "./assignments.ts";
import type { FunctionCompiler } from "./compiler.ts";
import { jumpIfFalse } from "./conditions.ts";
import { assigns } from "./effects.ts";
import { arrayLiteral, objectLiteral } from "./literals.ts";
import { readName } from "./names.ts";
import type { OpName } from "./opcodes.ts";

/** The instruction of each binary operator. */
export const BINARY: Readonly<Record<BinaryOperator, OpName>> = {
  "==": "EQ",
  "!=": "NE",
  "===": "SEQ",
  "!==": "SNE",
  "<": "LT",
  "<=": "LE",
  ">": "GT",
  ">=": "GE",
  "<<": "SHL",
  ">>": "SHR",
  ">>>": "USHR",
  "+": "ADD",
  "-": "SUB",
  "*": "MUL",
  "/": "DIV",
  "%": "MOD",
  "**": "EXP",
  "|": "BOR",
  "^": "BXOR",
  "&": "BAND",
  in: "IN",
  instanceof: "INSTANCEOF",
};

/**
 * Emit an expression.
 *
 * @param compiler the function it stands in
 * @param node the expression
 * @param into where its value must go; absent: wherever it is cheapest
 * @returns the register that holds the value
 */
export function expression(compiler: FunctionCompiler, node: Expression, into?: number): number {
  const { build } = compiler;
  const mark = build.top;
  const result = emit(compiler, node, into);
  // Whatever was taken on the way is free again, but for the result.
  build.top = into === undefined && result >= mark ? result + 1 : mark;
  return result;
}

function emit(compiler: FunctionCompiler, node: Expression, into: number | undefined): number {
  const { build } = compiler;
  switch (node.type) {
    case "Identifier":
      return readName(compiler, node, into);
    case "Literal":
      return literal(compiler, node, into ?? build.take());
    case "TemplateLiteral":
      return template(compiler, node, into);
    case "ArrayExpression":
      return arrayLiteral(compiler, node, into ?? build.take());
    case "ObjectExpression":
      return objectLiteral(compiler, node, into ?? build.take());
    case "FunctionExpression":
    case "ArrowFunctionExpression": {
      const target = into ?? build.take();
      build.at(node.start);
      build.emit("CLOSURE", target, compiler.functionIndex(node, node.id?.name ?? ""));
      return target;
    }
    case "UnaryExpression":
      return unary(compiler, node, into ?? build.take());
    case "UpdateExpression":
      return update(compiler, node, into ?? build.take());
    case "BinaryExpression":
      return binary(compiler, node, into ?? build.take());
    case "LogicalExpression":
      return logical(compiler, node, into ?? build.take());
    case "AssignmentExpression":
      return assignment(compiler, node, into);
    case "ConditionalExpression": {
      const target = into ?? build.take();
      const otherwise = build.label();
      const done = build.label();
      jumpIfFalse(compiler, node.test, otherwise);
      const stale = build.stale.has(target);
      expression(compiler, node.consequent, target);
      if (stale) build.stale.add(target);
      build.emit("JMP", done);
      build.place(otherwise);
      expression(compiler, node.alternate, target);
      build.place(done);
      return target;
    }
    case "SequenceExpression": {
      const last = node.expressions.length - 1;
      for (let index = 0; index < last; index++) discard(compiler, node.expressions[index]!);
      return expression(compiler, node.expressions[last]!, into);
    }
    case "CallExpression":
      return callExpression(compiler, node, into ?? build.take());
    case "NewExpression":
      return newExpression(compiler, node, into ?? build.take());
    case "MemberExpression":
      return member(compiler, node, into ?? build.take());
    case "ChainExpression":
      return chain(compiler, node, into ?? build.take());
    case "AwaitExpression": {
      const target = into ?? build.take();
      const mark = build.top;
      const value = expression(compiler, node.argument);
      build.top = mark;
      for (const register of [...build.stale]) {
        if (register < mark && register !== target && register !== value) build.emit("UNDEF", register);
      }
      build.at(node.start);
      build.emit("AWAIT", target, value, mark);
      return target;
    }
  }
}

/** Emit an expression whose value is not needed. */
export function discard(compiler: FunctionCompiler, node: Expression): void {
  const { build } = compiler;
  const mark = build.top;
  if (node.type === "UpdateExpression") update(compiler, { ...node, prefix: true }, undefined);
  else expression(compiler, node);
  build.top = mark;
}

function literal(compiler: FunctionCompiler, node: Expression & { type: "Literal" }, target: number): number {
  const { build } = compiler;
  const { value } = node;
  if (node.regex) {
    build.at(node.start);
    build.emit("REGEXP", target, build.text(node.regex.pattern), build.text(node.regex.flags));
  } else if (value === null) build.emit("NULL", target);
  else if (typeof value === "boolean") build.emit(value ? "TRUE" : "FALSE", target);
  else if (typeof value === "number" && isImmediate(value)) build.emit("LOADI", target, value);
  else build.emit("LOADK", target, build.program.constant(value));
  return target;
}

/** Whether a number fits into an operand. */
export function isImmediate(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 30 &&
    !Object.is(value, -0);
}

function template(compiler: FunctionCompiler, node: TemplateLiteral, into: number | undefined): number {
  const { build } = compiler;
  const target = into ?? build.take();
  const mark = build.top;
  let text = -1;
  const add = (register: number): void => {
    if (text < 0) text = register;
    else build.emit("ADD", text, text, register);
  };
  node.quasis.forEach((quasi, index) => {
    const part = node.expressions[index];
    if (quasi.value.cooked !== "" || (node.quasis.length === 1)) {
      const register = build.take();
      build.emit("LOADK", register, build.text(quasi.value.cooked));
      add(register);
    }
    if (part) {
      const register = build.take();
      expression(compiler, part, register);
      build.at(part.start);
      build.emit("TEXT", register, register);
      add(register);
      if (text !== register) build.top = text + 1;
    }
  });
  build.emit("MOVE", target, text);
  build.top = mark;
  return target;
}

/** The left operand, safe from what the right one assigns. */
export function leftOperand(compiler: FunctionCompiler, left: Expression, right: Expression): number {
  return assigns(right) ? expression(compiler, left, compiler.build.take()) : expression(compiler, left);
}

function binary(compiler: FunctionCompiler, node: BinaryExpression, target: number): number {
  const { build } = compiler;
  const spine: BinaryExpression[] = [];
  let first: Expression = node;
  while (first.type === "BinaryExpression") {
    spine.push(first);
    first = first.left;
  }
  const mark = build.top;
  let left = leftOperand(compiler, first, spine.at(-1)!.right);
  // A chain is folded into one temporary; only its last instruction writes to the target.
  let scratch = -1;
  for (let index = spine.length - 1; index >= 0; index--) {
    const one = spine[index]!;
    if (index > 0 && scratch < 0) scratch = left >= mark ? left : build.take();
    const inner = build.top;
    const to = index === 0 ? target : scratch;
    const { right } = one;
    if (
      (one.operator === "+" || one.operator === "-") && right.type === "Literal" && isImmediate(right.value)
    ) {
      build.at(one.start);
      build.emit(one.operator === "+" ? "ADDI" : "SUBI", to, left, right.value);
    } else {
      const value = expression(compiler, right);
      build.at(one.start);
      build.emit(BINARY[one.operator], to, left, value);
    }
    build.top = inner;
    left = to;
  }
  build.top = mark;
  return target;
}

function logical(compiler: FunctionCompiler, node: LogicalExpression, target: number): number {
  const { build } = compiler;
  const spine: LogicalExpression[] = [];
  let first: Expression = node;
  while (first.type === "LogicalExpression") {
    spine.push(first);
    first = first.left;
  }
  // Nothing may read the target before the whole is done, so a variable's register cannot be it.
  const mark = build.top;
  const value = build.take();
  expression(compiler, first, value);
  for (const one of spine.reverse()) {
    const done = build.label();
    build.emit(one.operator === "&&" ? "JF" : one.operator === "||" ? "JT" : "JNOTNULLISH", value, done);
    expression(compiler, one.right, value);
    build.place(done);
  }
  build.emit("MOVE", target, value);
  build.top = mark;
  return target;
}

function unary(compiler: FunctionCompiler, node: UnaryExpression, target: number): number {
  const { build } = compiler;
  const { operator, argument } = node;
  const mark = build.top;
  if (operator === "delete") {
    deletion(compiler, argument, target);
  } else if (operator === "void") {
    discard(compiler, argument);
    build.emit("UNDEF", target);
  } else if (
    operator === "-" && argument.type === "Literal" && isImmediate(argument.value) && argument.value !== 0
  ) {
    build.emit("LOADI", target, -argument.value);
  } else {
    const value = expression(compiler, argument);
    build.at(node.start);
    const op = operator === "-"
      ? "NEG"
      : operator === "+"
      ? "PLUS"
      : operator === "!"
      ? "NOT"
      : operator === "~"
      ? "BNOT"
      : "TYPEOF";
    build.emit(op, target, value);
  }
  build.top = mark;
  return target;
}

function deletion(compiler: FunctionCompiler, argument: Expression, target: number): void {
  const { build } = compiler;
  if (argument.type === "ChainExpression") {
    chain(compiler, argument, target, "delete");
  } else if (argument.type === "MemberExpression") {
    const object = build.take();
    const key = build.take();
    expression(compiler, argument.object, object);
    memberKey(compiler, argument, key);
    build.at(argument.property.start);
    build.emit("DELETE", target, object, key);
  } else {
    discard(compiler, argument);
    build.emit("TRUE", target);
  }
}

/** The key of a member access, as a register. */
export function memberKey(compiler: FunctionCompiler, node: MemberExpression, into: number): void {
  if (node.computed) expression(compiler, node.property, into);
  else compiler.build.emit("LOADK", into, compiler.build.text((node.property as { name: string }).name));
}

function member(compiler: FunctionCompiler, node: MemberExpression, target: number): number {
  const { build } = compiler;
  const mark = build.top;
  const object = node.computed
    ? leftOperand(compiler, node.object, node.property)
    : expression(compiler, node.object);
  readMember(compiler, node, { object, target });
  build.top = mark;
  return target;
}

/** Read the member of an object that is in a register. */
export function readMember(
  compiler: FunctionCompiler,
  node: MemberExpression,
  where: { object: number; target: number },
): void {
  const { build } = compiler;
  const { object, target } = where;
  if (!node.computed) {
    build.at(node.property.start);
    build.emit("GET", target, object, build.text((node.property as { name: string }).name));
  } else if (node.property.type === "Literal" && typeof node.property.value === "string") {
    build.at(node.property.start);
    build.emit("GET", target, object, build.text(node.property.value));
  } else {
    const key = expression(compiler, node.property);
    build.at(node.property.start);
    build.emit("GETI", target, object, key);
  }
}

/** The numeric value an operand can carry as an immediate: `3`, `-3`. */
export function immediateOf(node: Expression): number | undefined {
  if (node.type === "Literal" && isImmediate(node.value)) return node.value;
  if (node.type === "UnaryExpression" && node.operator === "-" && node.argument.type === "Literal") {
    const { value } = node.argument;
    if (isImmediate(value) && value !== 0) return -value;
  }
  return undefined;
}
