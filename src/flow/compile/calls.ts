import type { CallExpression, Expression, MemberExpression, NewExpression } from "../parser/ast.ts";
import { chainTarget } from "./chains.ts";
import type { FunctionCompiler } from "./compiler.ts";
import { inert } from "./effects.ts";
import { readMember } from "./expressions.ts";
import { argumentArray } from "./literals.ts";
import { listText, sourceText } from "./source_text.ts";

const MAX_DIRECT_ARGUMENTS = 32;

/** Whether the arguments can lie in registers. */
function isDirect(args: CallExpression["arguments"]): args is Expression[] {
  return args.length <= MAX_DIRECT_ARGUMENTS && args.every((one) => one.type !== "SpreadElement");
}

/** Note how the callee of the next instruction is shown in messages. */
function noteCallee(compiler: FunctionCompiler, callee: Expression, call: Expression): void {
  const { build } = compiler;
  const walked = compiler.iterated === call;
  build.callees.push(build.pc, build.text(walked ? `${listText(call)} is not iterable` : sourceText(callee)));
}

/** Where V8 says that a call stands. */
function callOffset(callee: Expression, node: Expression): number {
  const inner = callee.type === "ChainExpression" ? callee.expression : callee;
  return inner.type === "MemberExpression" ? inner.property.start : node.start;
}

/** `callee(arguments)` outside an optional chain, or a link of one whose callee is already at hand. */
export function callExpression(compiler: FunctionCompiler, node: CallExpression, target: number): number {
  const { build } = compiler;
  const mark = build.top;
  const { callee } = node;
  if (callee.type === "MemberExpression") methodCall(compiler, node, { callee, target });
  else if (callee.type === "ChainExpression" && callee.expression.type === "MemberExpression") {
    const base = build.take(2);
    chainTarget(compiler, callee, { value: base, self: base + 1 });
    finishCall(compiler, node, { base, target });
  } else plainCall(compiler, node, target);
  build.top = mark;
  return target;
}

function plainCall(compiler: FunctionCompiler, node: CallExpression, target: number): void {
  const { build } = compiler;
  const base = build.take();
  compiler.value(node.callee, base);
  if (!isDirect(node.arguments)) {
    const self = build.take();
    build.emit("UNDEF", self);
    return spreadCall(compiler, node, { base, target });
  }
  for (const argument of node.arguments) compiler.value(argument, build.take());
  build.at(callOffset(node.callee, node));
  noteCallee(compiler, node.callee, node);
  build.emit("CALL", target, base, node.arguments.length);
}

function methodCall(
  compiler: FunctionCompiler,
  node: CallExpression,
  options: { callee: MemberExpression; target: number },
): void {
  const { build } = compiler;
  const { callee, target } = options;
  // The method is looked up before the arguments are evaluated, unless this makes no difference.
  const harmless = node.arguments.every((one) =>
    inert(one) || (one.type === "Identifier" && compiler.scope.find(one.name)?.early === false)
  );
  if (!callee.computed && harmless && isDirect(node.arguments)) {
    const base = build.take();
    compiler.value(callee.object, base);
    for (const argument of node.arguments) compiler.value(argument, build.take());
    build.at(callee.property.start);
    noteCallee(compiler, callee, node);
    build.emit(
      "CALLM",
      target,
      base,
      build.text((callee.property as { name: string }).name),
      node.arguments.length,
    );
    return;
  }
  const base = build.take(2);
  compiler.value(callee.object, base + 1);
  readMember(compiler, callee, { object: base + 1, target: base });
  finishCall(compiler, node, { base, target });
}

/** A call whose callee is at `base` and whose receiver is behind it. */
export function finishCall(
  compiler: FunctionCompiler,
  node: CallExpression,
  options: { base: number; target: number },
): void {
  const { build } = compiler;
  const { base, target } = options;
  if (!isDirect(node.arguments)) return spreadCall(compiler, node, options);
  build.top = base + 2;
  for (const argument of node.arguments) compiler.value(argument, build.take());
  build.at(callOffset(node.callee, node));
  noteCallee(compiler, node.callee, node);
  build.emit("CALLS", target, base, node.arguments.length);
}

function spreadCall(
  compiler: FunctionCompiler,
  node: CallExpression,
  options: { base: number; target: number },
): void {
  const { build } = compiler;
  const { base, target } = options;
  const list = argumentArray(compiler, node.arguments);
  build.at(callOffset(node.callee, node));
  noteCallee(compiler, node.callee, node);
  build.emit("CALLX", target, base, base + 1, list);
}

/** `new callee(arguments)` */
export function newExpression(compiler: FunctionCompiler, node: NewExpression, target: number): number {
  const { build } = compiler;
  const mark = build.top;
  const base = build.take();
  compiler.value(node.callee, base);
  if (isDirect(node.arguments)) {
    for (const argument of node.arguments) compiler.value(argument, build.take());
    build.at(node.start);
    noteCallee(compiler, node.callee, node);
    build.emit("NEW", target, base, node.arguments.length);
  } else {
    const list = argumentArray(compiler, node.arguments);
    build.at(node.start);
    // Where more follows a spread, V8 tells the value and not its source.
    const spread = node.arguments.findIndex(({ type }) => type === "SpreadElement");
    if (spread === node.arguments.length - 1) noteCallee(compiler, node.callee, node);
    build.emit("NEWX", target, base, list);
  }
  build.top = mark;
  return target;
}
