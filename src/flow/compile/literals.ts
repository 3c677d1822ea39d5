import type { ArrayExpression, Expression, ObjectExpression, Property } from "../parser/ast.ts";
import { type FunctionCompiler, namedValue } from "./compiler.ts";
import { iterableText, sourceText } from "./source_text.ts";

const CHUNK = 32;

/** `[a, ...b]` */
export function arrayLiteral(
  compiler: FunctionCompiler,
  node: ArrayExpression,
  target: number,
  purpose: "array" | "last argument" | "arguments" = "array",
): number {
  const { build } = compiler;
  // V8 makes an array of the arguments unless the only spread is the last one: its messages differ.
  const text = purpose === "array" ? iterableText : purpose === "arguments" ? () => "" : sourceText;
  const mark = build.top;
  const { elements } = node;
  let index = 0;
  const first = build.top;
  for (; index < elements.length && index < CHUNK; index++) {
    const element = elements[index];
    if (!element || element.type === "SpreadElement") break;
    compiler.value(element, build.take());
  }
  if (index === elements.length) {
    build.emit("NEWARR", target, first, index);
    build.top = mark;
    return target;
  }
  const array = build.take();
  build.emit("NEWARR", array, first, index);
  for (; index < elements.length; index++) {
    const element = elements[index];
    const inner = build.top;
    if (element?.type === "SpreadElement") {
      compiler.iterated = purpose === "array" ? element.argument : undefined;
      const value = compiler.value(element.argument);
      build.at(element.argument.start);
      build.emit(
        purpose === "last argument" ? "SPREADARG" : "SPREAD",
        array,
        value,
        build.text(text(element.argument)),
      );
    } else if (element) build.emit("PUSH", array, compiler.value(element));
    build.top = inner;
  }
  build.emit("MOVE", target, array);
  build.top = mark;
  return target;
}

/** The arguments of a call as an array in a new register. */
export function argumentArray(compiler: FunctionCompiler, elements: ArrayExpression["elements"]): number {
  const node: ArrayExpression = { type: "ArrayExpression", elements, start: compiler.build.offset, end: 0 };
  const spreads = elements.filter((one) => one?.type === "SpreadElement").length;
  const last = spreads === 1 && elements.at(-1)?.type === "SpreadElement";
  return arrayLiteral(compiler, node, compiler.build.take(), last ? "last argument" : "arguments");
}

/** `{ a, [b]: c, ...d }` */
export function objectLiteral(compiler: FunctionCompiler, node: ObjectExpression, target: number): number {
  const { build } = compiler;
  const mark = build.top;
  const object = build.take();
  build.emit("NEWOBJ", object);
  for (const property of node.properties) {
    const inner = build.top;
    if (property.type === "SpreadElement") {
      const value = compiler.value(property.argument);
      build.at(property.start);
      build.emit("PUTALL", object, value);
    } else if (property.computed) computedProperty(compiler, property, object);
    else {
      const key = keyName(property.key);
      const value = namedValue(compiler, property.value, { name: key, from: methodStart(property) });
      build.emit("PUT", object, build.text(key), value);
    }
    build.top = inner;
  }
  build.emit("MOVE", target, object);
  build.top = mark;
  return target;
}

/** The text of a method begins with its name (and `async`). */
function methodStart(property: Property): number | undefined {
  return property.method ? property.start : undefined;
}

function keyName(key: Expression): string {
  return key.type === "Identifier" ? key.name : String((key as { value: unknown }).value);
}

function computedProperty(compiler: FunctionCompiler, property: Property, object: number): void {
  const { build } = compiler;
  const key = build.take();
  compiler.value(property.key, key);
  build.at(property.start);
  build.emit("KEY", key, key);
  const { value } = property;
  const register = namedValue(compiler, value, { name: "", from: methodStart(property) });
  const anonymous = value.type === "ArrowFunctionExpression" ||
    (value.type === "FunctionExpression" && value.id === null);
  if (anonymous) build.emit("SETNAME", register, key);
  build.emit("PUTI", object, key, register);
}
