import type {
  AssignmentExpression,
  BinaryOperator,
  MemberExpression,
  UpdateExpression,
} from "../parser/ast.ts";
import { type FunctionCompiler, namedValue } from "./compiler.ts";
import { assigns, writesLast } from "./effects.ts";
import { BINARY, expression, isImmediate } from "./expressions.ts";
import { plainRegister, readName, writeName } from "./names.ts";
import { assignPattern } from "./patterns.ts";
import { originOf } from "./source_text.ts";

/** `++` and `--`. Without a target, the old value is not needed. */
export function update(
  compiler: FunctionCompiler,
  node: UpdateExpression,
  target: number | undefined,
): number {
  const { build } = compiler;
  const op = node.operator === "++" ? "INC" : "DEC";
  const { argument } = node;
  const mark = build.top;
  if (argument.type === "Identifier") {
    const plain = plainRegister(compiler, argument.name);
    if (plain !== undefined && node.prefix) {
      build.at(node.start);
      build.emit(op, plain, plain);
      if (target !== undefined && target !== plain) build.emit("MOVE", target, plain);
      return target ?? plain;
    }
    const old = build.take();
    const fresh = build.take();
    readName(compiler, argument, old);
    build.at(node.start);
    build.emit("TONUM", old, old);
    build.emit(op, fresh, old);
    writeName(compiler, argument, fresh);
    if (target !== undefined) build.emit("MOVE", target, node.prefix ? fresh : old);
    build.top = mark;
    return target ?? fresh;
  }
  const object = build.take();
  const key = build.take();
  const old = build.take();
  const fresh = build.take();
  const access = memberAccess(compiler, argument, { object, key });
  access.read(old);
  build.at(node.start);
  build.emit("TONUM", old, old);
  build.emit(op, fresh, old);
  access.write(fresh);
  if (target !== undefined) build.emit("MOVE", target, node.prefix ? fresh : old);
  build.top = mark;
  return target ?? fresh;
}

interface MemberAccess {
  read: (into: number) => void;
  write: (source: number) => void;
}

/** Evaluate object and key of a member once, to read and write it afterwards. */
function memberAccess(
  compiler: FunctionCompiler,
  node: MemberExpression,
  where: { object: number; key: number },
): MemberAccess {
  const { build } = compiler;
  const { object, key } = where;
  expression(compiler, node.object, object);
  const at = node.property.start;
  if (!node.computed) {
    const name = build.text((node.property as { name: string }).name);
    return {
      read: (into) => (build.at(at), build.emit("GET", into, object, name)),
      write: (source) => (build.at(at), build.emit("SET", object, name, source)),
    };
  }
  expression(compiler, node.property, key);
  return {
    read: (into) => (build.at(at), build.emit("GETI", into, object, key)),
    write: (source) => (build.at(at), build.emit("SETI", object, key, source)),
  };
}

/** Every form of `a = b`; gives the register that holds what was assigned. */
export function assignment(
  compiler: FunctionCompiler,
  node: AssignmentExpression,
  into: number | undefined,
): number {
  const { build } = compiler;
  const { left, operator } = node;
  if (operator === "&&=" || operator === "||=" || operator === "??=") {
    return logicalAssignment(compiler, node, into);
  }
  let value: number;
  if (left.type === "Identifier") {
    value = operator === "="
      ? assignName(compiler, node, left.name, into)
      : compoundName(compiler, node, left, into);
  } else if (left.type === "MemberExpression") {
    value = into ?? build.take();
    const inner = build.top;
    const object = build.take();
    const key = build.take();
    const result = build.take();
    const access = memberAccess(compiler, left, { object, key });
    if (operator === "=") expression(compiler, node.right, result);
    else {
      access.read(result);
      const right = expression(compiler, node.right);
      build.at(node.start);
      build.emit(BINARY[operator.slice(0, -1) as BinaryOperator], result, result, right);
    }
    access.write(result);
    build.emit("MOVE", value, result);
    build.top = inner;
    return value;
  } else {
    value = into ?? build.take();
    const inner = build.top;
    const right = expression(compiler, node.right, build.take());
    // Of an iterable that an assignment takes apart, V8 tells the value.
    assignPattern(compiler, left, right, { ...originOf(node.right), list: "" });
    build.emit("MOVE", value, right);
    build.top = inner;
    return value;
  }
  return value;
}

function assignName(
  compiler: FunctionCompiler,
  node: AssignmentExpression,
  name: string,
  into: number | undefined,
): number {
  const { build } = compiler;
  const plain = plainRegister(compiler, name);
  if (plain !== undefined && writesLast(node.right)) {
    expression(compiler, node.right, plain);
    if (into !== undefined && into !== plain) build.emit("MOVE", into, plain);
    return into ?? plain;
  }
  const value = build.take();
  namedValue(compiler, node.right, { name, into: value });
  writeName(compiler, node.left as { name: string; start: number }, value);
  if (into !== undefined) build.emit("MOVE", into, value);
  return into ?? value;
}

function compoundName(
  compiler: FunctionCompiler,
  node: AssignmentExpression,
  left: { name: string; start: number },
  into: number | undefined,
): number {
  const { build } = compiler;
  const operator = node.operator.slice(0, -1) as BinaryOperator;
  const { right } = node;
  const plain = plainRegister(compiler, left.name);
  const mark = build.top;
  const unsafe = assigns(right) || plain === undefined;
  const old = unsafe ? readName(compiler, left, build.take()) : plain!;
  const result = plain ?? build.take();
  if ((operator === "+" || operator === "-") && right.type === "Literal" && isImmediate(right.value)) {
    build.at(node.start);
    build.emit(operator === "+" ? "ADDI" : "SUBI", result, old, right.value);
  } else {
    const value = expression(compiler, right);
    build.at(node.start);
    build.emit(BINARY[operator], result, old, value);
  }
  if (plain === undefined) writeName(compiler, left, result);
  if (into !== undefined) {
    if (into !== result) build.emit("MOVE", into, result);
    build.top = mark;
    return into;
  }
  if (plain !== undefined) build.top = mark;
  return result;
}

function logicalAssignment(
  compiler: FunctionCompiler,
  node: AssignmentExpression,
  into: number | undefined,
): number {
  const { build } = compiler;
  const target = into ?? build.take();
  const mark = build.top;
  const value = build.take();
  const done = build.label();
  const jump = node.operator === "&&=" ? "JF" : node.operator === "||=" ? "JT" : "JNOTNULLISH";
  const { left } = node;
  if (left.type === "Identifier") {
    readName(compiler, left, value);
    build.emit(jump, value, done);
    namedValue(compiler, node.right, { name: left.name, into: value });
    writeName(compiler, left, value);
  } else {
    const object = build.take();
    const key = build.take();
    const access = memberAccess(compiler, left as MemberExpression, { object, key });
    access.read(value);
    build.emit(jump, value, done);
    expression(compiler, node.right, value);
    access.write(value);
  }
  build.place(done);
  build.emit("MOVE", target, value);
  build.top = mark;
  return target;
}
