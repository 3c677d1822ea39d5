import type { ChainExpression, Expression } from "../parser/ast.ts";
import type { Label } from "./builder.ts";
import { finishCall } from "./calls.ts";
import type { FunctionCompiler } from "./compiler.ts";
import { expression, memberKey, readMember } from "./expressions.ts";

/** An optional chain: its value, or `undefined` as soon as a `?.` finds nothing; with `delete`, its last member goes. */
export function chain(
  compiler: FunctionCompiler,
  node: ChainExpression,
  target: number,
  purpose: "read" | "delete" = "read",
): number {
  const { build } = compiler;
  const mark = build.top;
  const short = build.label();
  const done = build.label();
  const value = build.take();
  const { expression: inner } = node;
  if (purpose === "delete" && inner.type === "MemberExpression") {
    const key = build.take();
    link(compiler, inner.object, { value, short });
    if (inner.optional) build.emit("JNULLISH", value, short);
    memberKey(compiler, inner, key);
    build.at(inner.property.start);
    build.emit("DELETE", value, value, key);
  } else link(compiler, inner, { value, short });
  build.emit("MOVE", target, value);
  build.emit("JMP", done);
  build.place(short);
  build.emit(purpose === "delete" ? "TRUE" : "UNDEF", target);
  build.place(done);
  build.top = mark;
  return target;
}

/** A chain that is called: its value and the object it came from. */
export function chainTarget(
  compiler: FunctionCompiler,
  node: ChainExpression,
  into: { value: number; self: number },
): void {
  const { build } = compiler;
  const short = build.label();
  const done = build.label();
  link(compiler, node.expression, { ...into, short });
  build.emit("JMP", done);
  build.place(short);
  build.emit("UNDEF", into.value);
  build.emit("UNDEF", into.self);
  build.place(done);
}

/** One link of a chain into `value`; where it is a member, the object goes to `self` if that is asked for. */
function link(
  compiler: FunctionCompiler,
  node: Expression,
  options: { value: number; self?: number; short: Label },
): void {
  const { build } = compiler;
  const { value, short } = options;
  const mark = build.top;
  if (node.type === "MemberExpression") {
    const object = options.self ?? build.take();
    link(compiler, node.object, { value: object, short });
    if (node.optional) build.emit("JNULLISH", object, short);
    readMember(compiler, node, { object, target: value });
  } else if (node.type === "CallExpression") {
    const base = build.take(2);
    if (node.callee.type === "MemberExpression" || node.callee.type === "CallExpression") {
      build.emit("UNDEF", base + 1);
      const self = node.callee.type === "MemberExpression" ? base + 1 : undefined;
      link(compiler, node.callee, { value: base, self, short });
    } else if (node.callee.type === "ChainExpression") {
      chainTarget(compiler, node.callee, { value: base, self: base + 1 });
    } else {
      build.emit("UNDEF", base + 1);
      expression(compiler, node.callee, base);
    }
    if (node.optional) build.emit("JNULLISH", base, short);
    finishCall(compiler, node, { base, target: value });
  } else expression(compiler, node, value);
  build.top = mark;
}
