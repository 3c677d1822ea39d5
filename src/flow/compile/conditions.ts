import type { BinaryOperator, Expression } from "../parser/ast.ts";
import type { Label } from "./builder.ts";
import type { FunctionCompiler } from "./compiler.ts";
import { expression, immediateOf, leftOperand } from "./expressions.ts";
import type { OpName } from "./opcodes.ts";

const UNLESS: Partial<Record<BinaryOperator, OpName>> = {
  "<": "JNLT",
  "<=": "JNLE",
  ">": "JNGT",
  ">=": "JNGE",
  "===": "JSNE",
  "!==": "JSEQ",
};
const IF: Partial<Record<BinaryOperator, OpName>> = {
  "<": "JLT",
  "<=": "JLE",
  ">": "JGT",
  ">=": "JGE",
  "===": "JSEQ",
  "!==": "JSNE",
};
const IMMEDIATE: Partial<Record<OpName, OpName>> = {
  JNLT: "JNLTI",
  JLT: "JLTI",
  JSEQ: "JSEQI",
  JSNE: "JSNEI",
};

/** Jump if the condition does not hold; go on if it does. */
export function jumpIfFalse(compiler: FunctionCompiler, test: Expression, target: Label): void {
  jump(compiler, test, { target, when: false });
}

function jump(compiler: FunctionCompiler, test: Expression, to: { target: Label; when: boolean }): void {
  const { build } = compiler;
  const { target, when } = to;
  if (test.type === "UnaryExpression" && test.operator === "!") {
    return jump(compiler, test.argument, { target, when: !when });
  }
  if (test.type === "LogicalExpression" && test.operator !== "??") {
    const parts = flatten(test);
    const last = parts.pop()!;
    // `a && b`, jump when false: each part may jump to the target. `a || b`, jump when false: a true part skips the rest.
    const direct = (test.operator === "&&") !== when;
    const skip = direct ? target : build.label();
    for (const part of parts) jump(compiler, part, { target: skip, when: direct ? when : !when });
    jump(compiler, last, to);
    if (!direct) build.place(skip);
    return;
  }
  const mark = build.top;
  const op = test.type === "BinaryExpression" ? (when ? IF : UNLESS)[test.operator] : undefined;
  if (test.type === "BinaryExpression" && op) {
    const left = leftOperand(compiler, test.left, test.right);
    const constant = immediateOf(test.right);
    const immediate = IMMEDIATE[op];
    if (constant !== undefined && immediate) {
      build.at(test.start);
      build.emit(immediate, left, constant, target);
    } else {
      const right = expression(compiler, test.right);
      build.at(test.start);
      build.emit(op, left, right, target);
    }
  } else build.emit(when ? "JT" : "JF", expression(compiler, test), target);
  build.top = mark;
}

/** The parts of a chain of one logical operator, without recursion. */
function flatten(node: Expression & { type: "LogicalExpression" }): Expression[] {
  const parts: Expression[] = [];
  let left: Expression = node;
  while (left.type === "LogicalExpression" && left.operator === node.operator) {
    parts.push(left.right);
    left = left.left;
  }
  parts.push(left);
  return parts.reverse();
}
