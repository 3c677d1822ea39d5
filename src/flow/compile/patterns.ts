import type { AssignmentProperty, Expression, ObjectPattern, Pattern } from "../parser/ast.ts";
import { type FunctionCompiler, namedValue } from "./compiler.ts";
import { writeName } from "./names.ts";
import type { Origin } from "./source_text.ts";

/** Where the parts of a pattern go: into new variables, or into whatever they name. */
type Mode = "bind" | "assign";

/** Initialise the variables of a declaration from a register. */
export function bindPattern(
  compiler: FunctionCompiler,
  pattern: Pattern,
  source: number,
  from?: Origin,
): void {
  store(compiler, pattern, { source, mode: "bind", from });
}

/** Assign a register to the targets of a pattern. */
export function assignPattern(
  compiler: FunctionCompiler,
  pattern: Pattern,
  source: number,
  from?: Origin,
): void {
  store(compiler, pattern, { source, mode: "assign", from });
}

interface Storing {
  source: number;
  mode: Mode;
  /** What the value was computed from, for messages. */
  from?: Origin;
}

function store(compiler: FunctionCompiler, pattern: Pattern, options: Storing): void {
  const { build } = compiler;
  const { source, mode } = options;
  switch (pattern.type) {
    case "Identifier":
      if (mode === "bind") compiler.initialise(compiler.scope.variables.get(pattern.name)!, source);
      else writeName(compiler, pattern, source);
      return;
    case "MemberExpression": {
      const mark = build.top;
      const target = evaluateTarget(compiler, pattern);
      target!(source);
      build.top = mark;
      return;
    }
    case "AssignmentPattern":
      withDefault(
        compiler,
        pattern.right,
        { source, name: nameOf(pattern.left) },
        (value) => store(compiler, pattern.left, { source: value, mode }),
      );
      return;
    case "ObjectPattern":
      return objectPattern(compiler, pattern, options);
    case "ArrayPattern":
      return arrayPattern(compiler, pattern.elements, options);
    default:
      throw new Error(`A ${pattern.type} cannot be stored to`);
  }
}

function nameOf(pattern: Pattern): string {
  return pattern.type === "Identifier" ? pattern.name : "";
}

function withDefault(
  compiler: FunctionCompiler,
  fallback: Expression,
  options: { source: number; name: string },
  then: (value: number) => void,
): void {
  const { build } = compiler;
  const value = build.take();
  if (value !== options.source) build.emit("MOVE", value, options.source);
  const done = build.label();
  build.emit("JDEFINED", value, done);
  namedValue(compiler, fallback, { name: options.name, into: value });
  build.place(done);
  then(value);
}

/** Evaluate what stands before a member target's `=`: object and key come before the value in JavaScript. */
function evaluateTarget(
  compiler: FunctionCompiler,
  pattern: Pattern,
): ((source: number) => void) | undefined {
  const { build } = compiler;
  const inner = pattern.type === "AssignmentPattern" ? pattern.left : pattern;
  if (inner.type !== "MemberExpression") return undefined;
  const object = build.take();
  compiler.value(inner.object, object);
  if (inner.computed) {
    const key = build.take();
    compiler.value(inner.property, key);
    return (source) => {
      build.at(inner.property.start);
      build.emit("SETI", object, key, source);
    };
  }
  const name = (inner.property as { name: string }).name;
  return (source) => {
    build.at(inner.property.start);
    build.emit("SET", object, build.text(name), source);
  };
}

/**
 * Store one part. Variables that are bound here must stay, temporaries must not: registers of variables are reserved
 * before the temporaries of the part.
 */
function part(
  compiler: FunctionCompiler,
  pattern: Pattern,
  mode: Mode,
  compute: (into: number) => void,
): void {
  const { build } = compiler;
  const target = mode === "assign" ? evaluateTarget(compiler, pattern) : undefined;
  const value = build.take();
  compute(value);
  if (target) {
    if (pattern.type === "AssignmentPattern") {
      withDefault(compiler, pattern.right, { source: value, name: "" }, target);
    } else target(value);
    return;
  }
  store(compiler, pattern, { source: value, mode });
}

function objectPattern(compiler: FunctionCompiler, pattern: ObjectPattern, options: Storing): void {
  const { build } = compiler;
  const { mode, from } = options;
  if (mode === "bind") reserveNames(compiler, pattern);
  const mark = build.top;
  const source = build.take();
  if (source !== options.source) build.emit("MOVE", source, options.source);
  build.at(pattern.start);
  const first = pattern.properties[0];
  const firstKey = first?.type === "Property" && !first.computed ? keyText(first) : "";
  // Inside another pattern, reading the first member says what is wrong.
  if (from || firstKey === "") {
    build.emit("OBJECT", source, build.text(firstKey), build.text(from?.object ?? ""));
  }
  const rest = pattern.properties.at(-1);
  const taken = rest?.type === "RestElement" ? build.take() : -1;
  if (taken >= 0) build.emit("NEWARR", taken, taken, 0);
  for (const property of pattern.properties) {
    const inner = build.top;
    if (property.type === "RestElement") {
      part(compiler, property.argument, mode, (into) => build.emit("REST", into, source, taken));
    } else member(compiler, property, { source, taken, mode, from });
    build.top = inner;
  }
  build.top = mark;
}

function keyText(property: AssignmentProperty): string {
  const { key } = property;
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : "";
}

function member(
  compiler: FunctionCompiler,
  property: AssignmentProperty,
  options: { source: number; taken: number; mode: Mode; from: Origin | undefined },
): void {
  const { build } = compiler;
  const { source, taken, mode, from } = options;
  const refuseNullish = (value: number): void => {
    if (from === undefined || property.value.type !== "ArrayPattern") return;
    build.emit("OBJECT", value, build.text("Symbol(Symbol.iterator)"), build.text(from.object));
  };
  if (!property.computed) {
    const key = build.text(keyText(property));
    if (taken >= 0) {
      const register = build.take();
      build.emit("LOADK", register, key);
      build.emit("PUSH", taken, register);
    }
    part(compiler, property.value, mode, (into) => {
      build.at(property.start);
      build.emit("GET", into, source, key);
      refuseNullish(into);
    });
    return;
  }
  const key = build.take();
  compiler.value(property.key, key);
  build.emit("KEY", key, key);
  if (taken >= 0) build.emit("PUSH", taken, key);
  part(compiler, property.value, mode, (into) => {
    build.at(property.start);
    build.emit("GETI", into, source, key);
    refuseNullish(into);
  });
}

function arrayPattern(compiler: FunctionCompiler, elements: (Pattern | null)[], options: Storing): void {
  const { build } = compiler;
  const { mode, from } = options;
  if (mode === "bind") { for (const element of elements) if (element) reserveNames(compiler, element); }
  const mark = build.top;
  const iterator = build.take();
  build.emit("ITER", iterator, options.source, build.text(from?.list ?? ""));
  for (const element of elements) {
    const inner = build.top;
    if (element === null) build.emit("STEP", build.take(), iterator);
    else if (element.type === "RestElement") {
      part(compiler, element.argument, mode, (into) => build.emit("ITERREST", into, iterator));
    } else part(compiler, element, mode, (into) => build.emit("STEP", into, iterator));
    build.top = inner;
  }
  build.top = mark;
}

/** Give registers to the names of a pattern before any temporary, so that they outlive it. */
export function reserveNames(compiler: FunctionCompiler, pattern: Pattern): void {
  switch (pattern.type) {
    case "Identifier": {
      const variable = compiler.scope.variables.get(pattern.name)!;
      // Until it is initialised it must not show what the register held before.
      if (variable.register < 0) compiler.reserve(variable);
      return;
    }
    case "ObjectPattern":
      for (const one of pattern.properties) {
        reserveNames(compiler, one.type === "RestElement" ? one.argument : one.value);
      }
      return;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element) reserveNames(compiler, element);
      return;
    case "AssignmentPattern":
      return reserveNames(compiler, pattern.left);
    case "RestElement":
      return reserveNames(compiler, pattern.argument);
    default:
  }
}
